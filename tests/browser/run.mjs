// Plays the emulator's phone page, and the gateway's pages for people, in a real browser, and says what held.
//
//     run.mjs                    with the binary built in target/debug
//     run.mjs --binary FILE      with another one
//     run.mjs --shots FOLDER     also leaves pictures of the pages there
//     run.mjs --only phone       one of the two: phone, people
//
// To add a case: a function in cases.mjs or people.mjs, and a line in its list.

import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";

import { Browser } from "./browser.mjs";
import { Business } from "./business.mjs";
import { CASES } from "./cases.mjs";
import { Emulator } from "./emulator.mjs";
import { Gateway, freePort } from "./gateway.mjs";
import { Mail } from "./mail.mjs";
import { PEOPLE, prepare } from "./people.mjs";
import { Visitors } from "./visitor.mjs";

const { values: options } = parseArgs({
  options: {
    binary: { type: "string", default: fileURLToPath(new URL("../../target/debug/imvume", import.meta.url)) },
    only: { type: "string" },
    python: { type: "string" },
    shots: { type: "string" },
  },
});

// The whole suite takes well under a minute; a hang must not take the build's hour.
const deadline = setTimeout(() => {
  console.log("FAILED the suite did not end within five minutes");
  process.exit(1);
}, 300_000);

let passed = 0;
let failed = 0;
for (const [name, suite] of [["phone", playPhone], ["people", playPeople]]) {
  if (options.only && options.only !== name) continue;
  try {
    await suite();
  } catch (error) {
    failed += 1;
    console.log(`FAILED to begin with ${name}: ${inOneLine(error)}`);
  }
}
clearTimeout(deadline);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed || !passed ? 1 : 0;

/** The emulator's own page. */
async function playPhone() {
  const business = await Business.open();
  let emulator;
  let browser;
  try {
    emulator = await Emulator.start(options.binary, business.webhook);
    browser = await Browser.open(emulator.url);
    const scene = { business, emulator, browser };
    for (const [name, play] of CASES) tell(name, await attempt(scene, play));
  } finally {
    await browser?.close();
    await emulator?.stop();
    business.close();
  }
}

/** The pages of a gateway, with the emulator and a mail server beside it. */
async function playPeople() {
  const open = [];
  try {
    const [port, smtp] = [await freePort(), await freePort()];
    const mail = await Mail.open(smtp, options.python);
    open.push(() => mail.close());
    const emulator = await Emulator.start(options.binary, `http://127.0.0.1:${port}/webhook`);
    open.push(() => emulator.stop());
    const gateway = await Gateway.start(options.binary, { port, graph: emulator.url, mail: smtp });
    open.push(() => gateway.stop());
    const visitors = await Visitors.open(gateway.site, options.shots);
    open.push(() => visitors.close());
    const scene = { visitors, gateway, mail, emulator };
    await prepare(scene);
    for (const [name, play] of PEOPLE) {
      const problem = await play(scene).then(() => null, inOneLine);
      tell(name, problem);
    }
  } finally {
    for (const close of open.reverse()) await close();
  }
}

function tell(name, problem) {
  if (problem) failed += 1;
  else passed += 1;
  console.log(problem ? `FAILED ${name}: ${problem}` : `ok     ${name}`);
}

/** Plays one case on a fresh emulator and a fresh page. Returns what went wrong, in one line. */
async function attempt({ business, emulator, browser }, play) {
  try {
    await emulator.reset();
    business.forget();
    const page = await browser.page();
    await play({ page, phone: browser.phone, business, emulator, browser, shots: options.shots });
    browser.checkManners();
    return null;
  } catch (error) {
    const told = inOneLine(error);
    return [told, ...browser.complaints().filter((line) => !told.includes(line)).slice(0, 3)].join("; ");
  }
}

function inOneLine(error) {
  const lines = String(error?.message ?? error).split("\n").map((line) => line.trim()).filter(Boolean);
  return lines.slice(0, 3).join("; ");
}

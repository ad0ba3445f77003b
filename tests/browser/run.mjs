// Plays the emulator's phone page in a real browser, as people do, and says what held.
//
//     run.mjs                    with the binary built in target/debug
//     run.mjs --binary FILE      with another one
//     run.mjs --shots FOLDER     also leaves pictures of the page there
//
// To add a case: a function in cases.mjs, and a line in its list.

import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";

import { Browser } from "./browser.mjs";
import { Business } from "./business.mjs";
import { CASES } from "./cases.mjs";
import { Emulator } from "./emulator.mjs";

const { values: options } = parseArgs({
  options: {
    binary: { type: "string", default: fileURLToPath(new URL("../../target/debug/imvume", import.meta.url)) },
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
let business;
let emulator;
let browser;
try {
  business = await Business.open();
  emulator = await Emulator.start(options.binary, business.webhook);
  browser = await Browser.open(emulator.url);
  for (const [name, play] of CASES) {
    const problem = await attempt(play);
    if (problem) failed += 1;
    else passed += 1;
    console.log(problem ? `FAILED ${name}: ${problem}` : `ok     ${name}`);
  }
} catch (error) {
  failed += 1;
  console.log(`FAILED to begin: ${inOneLine(error)}`);
} finally {
  await browser?.close();
  await emulator?.stop();
  business?.close();
  clearTimeout(deadline);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed || !passed ? 1 : 0;

/** Plays one case on a fresh emulator and a fresh page. Returns what went wrong, in one line. */
async function attempt(play) {
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

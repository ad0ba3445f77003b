// What people do on the gateway's own pages. Each case is a function of a scene: visitors, gateway, mail, emulator.

import { readFile } from "node:fs/promises";

const THANDI = { phone: "+27825550142", typed: "+27 82 555 0142", name: "Thandi", email: "thandi@example.org" };
const SIPHO = { phone: "+27835550117", typed: "+27835550117", name: "Sipho", email: "sipho@example.org" };
const NOMSA = { phone: "+27645550188", typed: "+27 64 555 0188", name: "Nomsa", email: "nomsa@example.org" };
const ANNELIE = { phone: "+27725550163", typed: "27725550163", name: "Annelie", email: "annelie@example.org" };

export const PEOPLE = [
  ["a person asks, confirms, gets a promotion, turns it off, and gets no more", walk],
  ["the same with the keyboard alone", keyboardOnly],
  ["the same without JavaScript", withoutScript],
  ["what is forgotten is said at its field", forget],
  ["a person has a copy of their data, and the answers by e-mail", copy],
  ["a person asks for their data, has them erased, and keeps a certificate", rights],
  ["a link that is none says so, and nothing of anybody", wrongLink],
];

/** What the walk needs to be there: the purpose in plain words, sendable on a Sunday night. */
export async function prepare({ gateway }) {
  await gateway.staff("PUT", "/purposes/marketing/terms", {
    notice: "messages",
    description: "New beans and offers, once or twice a month.",
    recipients: ["Kaapse Koffie Roastery, which packs the parcels"],
    any_hour: true,
  });
}

async function walk({ visitors, gateway, mail, emulator }) {
  const visitor = await visitors.visitor();
  const { page } = visitor;
  const before = await gateway.promote(THANDI.phone, THANDI.name);
  equal(before.status, 403, "a promotion before anything was said");

  await page.goto(`${visitors.site}/opt-in/news`);
  equal(await page.locator("input:checked").count(), 0, "boxes ticked beforehand");
  await visitor.inspect("form");
  await page.getByText("Offers and promotions").click();
  await page.getByLabel("Your WhatsApp number").fill(THANDI.typed);
  await page.getByLabel("Your e-mail address").fill(THANDI.email);
  await page.getByRole("button", { name: "Send me the link to confirm" }).click();
  await visitor.reads("One more step");
  await visitor.inspect("asked");

  const letter = await mail.next();
  equal(letter.to.join(), THANDI.email, "whom the mail is for");
  const link = linkIn(letter.text);
  equal((await gateway.promote(THANDI.phone, THANDI.name)).status, 403, "a promotion before the confirmation");
  // A mail program looks ahead.
  for (const method of ["HEAD", "GET"]) equal((await fetch(link, { method })).status, 200, `${method} of the link`);
  await page.goto(link);
  await visitor.inspect("question");
  await page.getByRole("button", { name: "Yes, I agree" }).click();
  await visitor.reads("Thank you. You said yes.");
  await visitor.inspect("confirmed");

  const sent = await gateway.promote(THANDI.phone, THANDI.name);
  equal(sent.status, 200, `a promotion after the confirmation (${JSON.stringify(sent.body)})`);
  await arrived(emulator, THANDI, "spring_sale");

  const choices = await linkByMessage(gateway, emulator, THANDI);
  // From a page of another site, as from a mail program in the browser.
  await page.route("http://mail.example/", (route) => route.fulfill({ contentType: "text/html", body: `<a href="${choices}">Your choices</a>` }));
  await page.goto("http://mail.example/");
  await page.getByRole("link").click();
  await visitor.reads("Your choices");
  await page.waitForURL(`${visitors.site}/preferences`);
  await visitor.reads("Because you agreed");
  await visitor.inspect("choices-on");
  const card = page.getByRole("article", { name: "Offers and promotions" });
  await receive(page, card);
  await card.getByRole("button", { name: "Turn off" }).click();
  await visitor.reads("Done. This is off now.");
  await visitor.inspect("choices-off");

  const refused = await gateway.promote(THANDI.phone, THANDI.name);
  equal(refused.status, 403, "a promotion after the switch");
  const why = refused.body.error.error_data.details;
  if (!why.startsWith("The person asked to stop messages for this purpose")) throw new Error(`the reason is “${why}”`);

  await page.getByRole("button", { name: "Stop everything" }).click();
  await visitor.reads("You have stopped everything since");
  await visitor.inspect("choices-stopped");
  await page.getByRole("link", { name: /Messages on WhatsApp/ }).first().click();
  await visitor.reads("How to prove that this text has not changed");
  await visitor.inspect("notice");
  await visitor.leave();
}

async function keyboardOnly({ visitors, gateway, mail, emulator }) {
  const visitor = await visitors.visitor();
  const { page } = visitor;
  await page.goto(`${visitors.site}/opt-in/news`);
  await visitor.tabTo(/^Skip to the content$/);
  await page.keyboard.press("Enter");
  await visitor.tabTo(/^Offers and promotions$/);
  await page.keyboard.press("Space");
  await visitor.tabTo(/^Your WhatsApp number$/);
  await page.keyboard.type(SIPHO.typed);
  await visitor.tabTo(/^Your e-mail address$/);
  await page.keyboard.type(SIPHO.email);
  await page.keyboard.press("Enter");
  await visitor.reads("One more step");
  await page.goto(linkIn((await mail.next()).text));
  await visitor.tabTo(/^Yes, I agree$/);
  await page.keyboard.press("Enter");
  await visitor.reads("Thank you. You said yes.");
  await page.goto(await linkByMessage(gateway, emulator, SIPHO));
  await visitor.reads("Because you agreed");
  await visitor.tabTo(/^Turn off: Offers and promotions$/);
  await page.keyboard.press("Enter");
  await visitor.reads("Done. This is off now.");
  await visitor.leave();
}

async function withoutScript({ visitors, gateway, mail, emulator }) {
  const visitor = await visitors.visitor({ javaScriptEnabled: false, locale: "af-ZA" });
  const { page } = visitor;
  await page.goto(`${visitors.site}/opt-in/news`);
  await visitor.reads("Wat wil u graag ontvang?");
  await page.getByText("Offers and promotions").click();
  await page.locator("#phone").fill(ANNELIE.typed);
  await page.locator("#email").fill(ANNELIE.email);
  await page.locator("button[type=submit]").click();
  await visitor.reads("Nog een stap");
  await page.goto(linkIn((await mail.next()).text));
  await page.getByRole("button", { name: "Ja, ek stem in" }).click();
  await visitor.reads("Dankie. U het ja gesê.");
  await page.goto(await linkByMessage(gateway, emulator, ANNELIE));
  await page.getByRole("article", { name: "Offers and promotions" }).getByRole("button", { name: "Skakel af" }).click();
  await visitor.reads("Klaar. Dit is nou af.");
  await visitor.leave();
}

async function forget({ visitors }) {
  const visitor = await visitors.visitor();
  const { page } = visitor;
  await page.goto(`${visitors.site}/opt-in/news`);
  const answer = page.waitForResponse((response) => response.request().method() === "POST");
  await page.getByRole("button", { name: "Send me the link to confirm" }).click();
  equal((await answer).status(), 422, "status");
  await visitor.reads("Please look at this again");
  equal(await page.evaluate(() => document.activeElement.getAttribute("role")), "alert", "what has the focus");
  equal(await page.getByLabel("Your WhatsApp number").getAttribute("aria-invalid"), "true", "the field's mark");
  await visitor.inspect("problems");
  await page.getByRole("link", { name: /Write your number/ }).click();
  equal(await page.evaluate(() => document.activeElement.id), "phone", "where the problem leads");
  await visitor.leave().catch((error) => {
    // The browser itself tells of every answer that is none of the good ones.
    if (!/422/.test(error.message)) throw error;
  });
}

async function wrongLink({ visitors }) {
  const pages = [];
  for (const path of ["/c/AAAAAAAAAAAAAAAAAAAAAA", "/p/AAAAAAAAAAAAAAAAAAAAAA"]) {
    const answer = await fetch(visitors.site + path, { headers: { accept: "text/html" } });
    equal(answer.status, 404, path);
    pages.push(await answer.text());
  }
  if (!pages.every((page) => page.includes("This link cannot be used"))) throw new Error("the page does not say so");
}

/** The receipt comes as a file of JSON. */
async function receive(page, card) {
  const download = page.waitForEvent("download");
  await card.getByRole("link", { name: /receipt/ }).click();
  const file = await download;
  equal(file.suggestedFilename(), "receipt.jsonld", "the file's name");
  const receipt = JSON.parse(await readFile(await file.path(), "utf8"));
  if (!receipt["@context"] && !receipt.record) throw new Error(`the receipt is ${Object.keys(receipt)}`);
}

async function copy({ visitors, gateway, mail, emulator }) {
  const visitor = await visitors.visitor();
  const { page } = visitor;
  // Somebody looks through what is about others before it goes out.
  await emulator.control("inbound", { from: SIPHO.phone, text: "Please ring my sister on 083 765 4321" });
  await page.goto(await linkByMessage(gateway, emulator, SIPHO));
  await page.getByRole("link", { name: "See my requests" }).click();
  await page.getByRole("link", { name: "A copy of my data" }).click();
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByRole("button", { name: "Yes, ask for this" }).click();
  await visitor.reads("We have your request.");

  const { subject } = await gateway.staff("POST", "/subjects/lookup", { phone: SIPHO.phone });
  const { items: cases } = await gateway.staff("GET", "/requests");
  const { id: request } = cases.find((one) => one.subject === subject && one.kind === "access");
  await gateway.staff("POST", `/requests/${request}/mailbox`, { email: SIPHO.email });
  const letter = await mail.next();
  equal(letter.to.join(), SIPHO.email, "whom the mail is for");
  const link = letter.text.match(/https?:\/\/\S+\/m\/[\w-]+/)[0];
  for (const method of ["HEAD", "GET"]) equal((await fetch(link, { method })).status, 200, `${method} of the link`);
  await page.goto(link);
  await visitor.inspect("mailbox");
  await page.getByRole("button", { name: "Yes, send the answers here" }).click();
  await visitor.reads("come to this address from now on");
  await visitor.inspect("mailbox-done");

  const prepared = await gateway.staff("POST", `/subjects/${subject}/packages`, { request });
  await reaches(gateway, prepared.id, "review");
  await gateway.staff("POST", `/packages/${prepared.id}/approve`);
  await reaches(gateway, prepared.id, "ready");
  const { path } = await gateway.staff("POST", `/packages/${prepared.id}/link`);
  await page.goto(visitors.site + path);
  await visitor.reads("It can be fetched once.");
  await visitor.inspect("package");
  const download = page.waitForEvent("download");
  await page.getByRole("button").click();
  const file = await readFile(await (await download).path());
  equal(file.subarray(0, 2).toString(), "PK", "what the archive begins with");
  equal((await fetch(visitors.site + path)).status, 404, "the link once it was used");
  await visitor.leave();
}

/** Waits until a copy of somebody's data stands so. */
async function reaches(gateway, id, wanted) {
  let state;
  for (let tries = 0; tries < 100; tries += 1) {
    ({ state } = await gateway.staff("GET", `/packages/${id}`));
    if (state === wanted) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the copy is ${state}, not ${wanted}`);
}

async function rights({ visitors, gateway, emulator }) {
  const visitor = await visitors.visitor();
  const { page } = visitor;
  await page.goto(await linkByMessage(gateway, emulator, NOMSA));
  await visitor.reads("Your choices");
  await page.getByRole("link", { name: "See my requests" }).click();
  await visitor.reads("You have not asked for anything yet.");
  await visitor.inspect("requests-none");

  await page.getByRole("link", { name: "Correct my data" }).click();
  await page.getByLabel("In your own words").fill("My name is Nomsa, with an s.\nNot Nomza.");
  await visitor.inspect("request-new");
  await page.getByRole("button", { name: "Go on" }).click();
  await visitor.reads("Is this right?");
  await visitor.reads("My name is Nomsa, with an s.");
  await visitor.inspect("request-check");
  await page.getByRole("button", { name: "Yes, ask for this" }).click();
  await visitor.reads("We have your request.");
  await page.getByRole("link", { name: "Correct my data" }).first().click();
  await visitor.reads("We have your request (case");
  await visitor.inspect("request-case");
  await page.getByRole("button", { name: "Take this request back" }).click();
  await visitor.reads("You have taken the request back.");

  await page.getByRole("link", { name: "A copy of my data" }).click();
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByRole("button", { name: "Yes, ask for this" }).click();
  await visitor.reads("We have your request.");
  await visitor.inspect("requests");

  await page.getByRole("link", { name: "Erase my data" }).click();
  await page.getByRole("button", { name: "Go on" }).click();
  await visitor.reads("nobody can bring it back");
  await visitor.inspect("request-erase");
  await page.getByRole("button", { name: "Yes, ask for this" }).click();

  const letter = await arrived(emulator, NOMSA, "/erased/");
  const certificate = letter.match(/https?:\/\/[^\s"\\]+\/erased\/[\w-]+/)[0];
  for (let tries = 0; tries < 100; tries += 1) {
    const answer = await page.goto(certificate);
    if (answer.status() === 200) break;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  await visitor.reads("Certificate of erasure");
  await visitor.reads("What was erased");
  await visitor.inspect("certificate");
  const text = await page.locator("main").innerText();
  if (text.includes("Nomsa") || text.includes(NOMSA.phone.slice(3))) throw new Error("the certificate names somebody");
  const note = await (await fetch(`${certificate}/note`)).text();
  if (!note.startsWith("imvume erasure certificate v1\n")) throw new Error("the note is none");
  const pdf = new Uint8Array(await (await fetch(`${certificate}/pdf`)).arrayBuffer());
  equal(new TextDecoder().decode(pdf.slice(0, 5)), "%PDF-", "what the PDF begins with");
  await page.goto(`${visitors.site}/preferences/requests`);
  await visitor.leave();
}

/** The link in a confirmation. */
function linkIn(text) {
  const found = text.match(/https?:\/\/\S+\/c\/[\w-]+/);
  if (!found) throw new Error("the mail has no link");
  return found[0];
}

/** Somebody writes, and is answered with the link to their choices. */
async function linkByMessage(gateway, emulator, person) {
  await emulator.control("inbound", { from: person.phone, text: "What do you send me?" });
  for (let tries = 0; tries < 100; tries += 1) {
    const answer = await gateway.send(person.phone, { type: "text", text: { body: "Your choices: imvume:preferences" } });
    if (answer.ok) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const found = await arrived(emulator, person, "/p/");
  return found.match(/https?:\/\/[^\s"\\]+\/p\/[\w-]+/)[0];
}

/** What reached the person's phone and holds `wanted`, as Meta was told it. */
async function arrived(emulator, person, wanted) {
  for (let tries = 0; tries < 100; tries += 1) {
    const { sent } = await emulator.look("sent");
    const mine = (sent ?? []).map((call) => JSON.stringify(call)).filter((call) => call.includes(person.phone.slice(1)));
    const found = mine.reverse().find((call) => call.includes(wanted));
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`nothing with ${wanted} reached ${person.name}`);
}

function equal(found, expected, what) {
  if (found !== expected) throw new Error(`${what}: expected “${expected}”, found “${found}”`);
}

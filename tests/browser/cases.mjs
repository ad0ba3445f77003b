// What people do on the phone page. Each case is a function of a scene; every one starts on a fresh page.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";

const THANDI = "+27825550142";
const SIPHO = "+27835550117";
const LAYOUTS = [
  [360, "light"],
  [360, "dark"],
  [1280, "light"],
  [1280, "dark"],
];

export const CASES = [
  ["a person is chosen, and the page says who one is", choose],
  ["what is written reaches the business, and its ticks move", write],
  ["a message from the business moves from sent to delivered to read", follow],
  ["what comes while a chat is fetched is not drawn over", openSlowly],
  ["a quick reply of a template is tapped", tapQuickReply],
  ["a reply button and a list row are tapped", tapButtonAndRow],
  ["promotions are stopped and resumed", stopAndResume],
  ["a picture is sent", sendPicture],
  ["place and contact card are sent from the menu", sendFromMenu],
  ["everything can be done with the keyboard alone", keyboardOnly],
  ["what arrives for somebody else is counted and shown without a reload", countUnread],
  ["markup in a message stays text", markupStaysText],
  ["nothing is found by the accessibility checker, and nothing scrolls sideways", lookAround],
  // The last one: it ends the emulator.
  ["the page says so when the emulator is gone", loseEmulator],
];

async function choose({ page }) {
  await be(page, "Zoë Adams");
  await shows(page.locator("#chat-sub"), "number not shared");
  equal(await page.locator("#people-list [aria-current=true] .person-name").innerText(), "Zoë Adams", "who is marked");
  equal(await page.title(), "Zoë Adams – phone", "title");
  await page.reload();
  await shows(page.locator("#chat-sub"), "You are Zoë Adams");
}

async function write({ page, business, emulator }) {
  await be(page, "Thandi Mokoena");
  await page.getByLabel("Message", { exact: true }).fill("Molo, is the shop open? ☕");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  const message = await business.hearsMessage((message) => message.text?.body === "Molo, is the shop open? ☕");
  equal(message.from, "27825550142", "sender");
  const bubble = bubbleOf(page, message.id);
  await shows(bubble, "delivered");
  await emulator.markRead(message.id);
  await shows(bubble, "read");
  equal(await page.getByLabel("Message", { exact: true }).inputValue(), "", "field after sending");
}

async function follow({ page, business, emulator }) {
  await be(page, "Thandi Mokoena");
  await say(page, business, "Hello");
  const seen = watchTicks(page);
  const id = await emulator.send(THANDI, { type: "text", text: { body: "We open at seven." } });
  const bubble = bubbleOf(page, id);
  await shows(bubble, "We open at seven.");
  await shows(bubble, "read");
  // Whether the page is quick enough to show a message that is not even sent is chance.
  equal((await seen(id)).filter((word) => word !== "accepted").join(" "), "sent delivered read", "ticks");
  const reported = ["sent", "delivered", "read"].map((word) =>
    business.hears("messages", (value) => value.statuses?.some((status) => status.id === id && status.status === word)));
  await Promise.all(reported);
}

async function openSlowly({ page, emulator }) {
  let fetched;
  const drawn = new Promise((done) => { fetched = done; });
  await page.route("**/chat?*", async (route) => {
    const older = await route.fetch();
    const ear = await page.evaluateHandle(listenBeside);
    const id = await emulator.sendTemplate(THANDI, "spring_sale", "Thandi", "20%");
    await ear.evaluate(({ heard }) => heard);
    await route.fulfill({ response: older });
    fetched(id);
  }, { times: 1 });
  await be(page, "Thandi Mokoena");
  const id = await drawn;
  // Two frames on, the page has drawn what it fetched.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await shows(bubbleOf(page, id), "all beans are 20% off");
}

/** In the page: hears beside the page itself until a message has come and was delivered. */
function listenBeside() {
  return new Promise((open) => {
    const live = new EventSource("events");
    const heard = new Promise((done) => live.addEventListener("message", ({ data }) => {
      if (JSON.parse(data).tick === "delivered") { live.close(); done(); }
    }));
    live.addEventListener("open", () => open({ heard }));
  });
}

async function tapQuickReply({ page, business, emulator }) {
  await be(page, "Thandi Mokoena");
  const id = await emulator.sendTemplate(THANDI, "spring_sale", "Thandi", "20%");
  const bubble = bubbleOf(page, id);
  await shows(bubble, "Thandi, all beans are 20% off until Sunday.");
  const link = bubble.getByRole("link", { name: "See the beans" });
  equal(await link.getAttribute("rel"), "noopener noreferrer", "relation of the link");
  await bubble.getByRole("button", { name: "Stop promotions" }).click();
  const message = await business.hearsMessage((message) => message.type === "button");
  equal(message.button.payload, "Stop promotions", "payload");
  equal(message.context.id, id, "message answered");
  await shows(bubbleOf(page, message.id), "all beans are 20% off");
}

async function tapButtonAndRow({ page, business, emulator }) {
  await be(page, "Thandi Mokoena");
  await say(page, business, "What do you have?");
  const buttons = await emulator.send(THANDI, { type: "interactive", interactive: choice() });
  await bubbleOf(page, buttons).getByRole("button", { name: "Filter" }).click();
  const button = await business.hearsMessage((message) => message.interactive?.button_reply);
  equal(button.interactive.button_reply.id, "filter", "button");

  const list = await emulator.send(THANDI, { type: "interactive", interactive: menu() });
  const bubble = bubbleOf(page, list);
  await bubble.getByText("Choose beans").click();
  await shows(bubble, "Washed, light roast");
  await bubble.getByRole("button", { name: "Limu" }).click();
  const row = await business.hearsMessage((message) => message.interactive?.list_reply);
  equal(row.interactive.list_reply.id, "limu", "row");
  equal(row.context.id, list, "message answered");
}

async function stopAndResume({ page, business, emulator }) {
  await be(page, "Thandi Mokoena");
  await pickFromMenu(page, "Stop promotions");
  await heardPreference(business, "stop");
  await shows(page.locator("#notice"), "You stopped promotions");

  const refused = await emulator.sendTemplate(THANDI, "spring_sale", "Thandi", "20%");
  const failure = await business.hears("messages", (value) =>
    value.statuses?.find((status) => status.id === refused && status.status === "failed"));
  equal(failure.errors[0].code, 131050, "error code");
  equal(await bubbleOf(page, refused).count(), 0, "promotions shown");

  await pickFromMenu(page, "Resume promotions");
  await heardPreference(business, "resume");
  await page.locator("#notice").waitFor({ state: "hidden" });
  const welcome = await emulator.sendTemplate(THANDI, "spring_sale", "Thandi", "20%");
  await shows(bubbleOf(page, welcome), "all beans");
}

async function sendPicture({ page, business }) {
  await be(page, "Thandi Mokoena");
  await page.getByLabel("Message", { exact: true }).fill("My cup");
  await page.getByLabel("Send a picture").setInputFiles({ name: "cup.png", mimeType: "image/png", buffer: await picture(page, 40, 30) });
  const message = await business.hearsMessage((message) => message.type === "image");
  equal(message.image.caption, "My cup", "caption");
  equal(message.image.mime_type, "image/png", "type");
  const bubble = bubbleOf(page, message.id);
  await shows(bubble, "My cup");
  const image = bubble.getByRole("img");
  await page.waitForFunction((id) => document.getElementById(id)?.querySelector("img")?.naturalWidth === 40, message.id);
  equal((await image.getAttribute("alt")).startsWith("Picture"), true, "has a description");
}

async function sendFromMenu({ page, business }) {
  await be(page, "Thandi Mokoena");
  await pickFromMenu(page, "Send my location");
  const place = await business.hearsMessage((message) => message.type === "location");
  await shows(bubbleOf(page, place.id), "Location");
  await pickFromMenu(page, "Send my contact card");
  const card = await business.hearsMessage((message) => message.type === "contacts");
  await shows(bubbleOf(page, card.id), "Contact card");
}

async function keyboardOnly({ page, business, emulator }) {
  await page.keyboard.press("Tab");
  equal(await focused(page), "Skip to the chat", "first stop");
  await tabTo(page, /Sipho Ndlovu/);
  await page.keyboard.press("Enter");
  await shows(page.locator("#chat-sub"), "You are Sipho Ndlovu");
  await tabTo(page, /^Message$/);
  await page.keyboard.type("First line");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("second line");
  await page.keyboard.press("Enter");
  await business.hearsMessage((message) => message.text?.body === "First line\nsecond line");
  equal(await focused(page), "Message", "focus after sending");

  const id = await emulator.send(SIPHO, { type: "interactive", interactive: choice() });
  await shows(bubbleOf(page, id), "Which grind?");
  await tabTo(page, /^Espresso$/, "Shift+Tab");
  await page.keyboard.press("Enter");
  await business.hearsMessage((message) => message.interactive?.button_reply?.id === "espresso");

  const list = await emulator.send(SIPHO, { type: "interactive", interactive: menu() });
  await shows(bubbleOf(page, list), "Choose beans");
  await tabTo(page, /^Choose beans$/);
  await page.keyboard.press("Enter");
  await tabTo(page, /^Sidamo/);
  await page.keyboard.press("Space");
  await business.hearsMessage((message) => message.interactive?.list_reply?.id === "sidamo");

  await tabTo(page, /^Menu$/, "Shift+Tab");
  await page.keyboard.press("Enter");
  await tabTo(page, /^Stop promotions$/);
  await page.keyboard.press("Escape");
  equal(await focused(page), "Menu", "focus after Escape");
  await page.keyboard.press("Enter");
  await tabTo(page, /^Stop promotions$/);
  await page.keyboard.press("Enter");
  await heardPreference(business, "stop");
}

async function countUnread({ page, business, emulator }) {
  await be(page, "Thandi Mokoena");
  await page.evaluate(() => { window.before = true; });
  const id = await emulator.sendTemplate(SIPHO, "order_update", "Sipho", "KK-1042");
  const sipho = page.getByRole("button", { name: /Sipho Ndlovu/ });
  await shows(sipho, "1 unread");
  await shows(sipho, "your order KK-1042");
  await be(page, "Sipho Ndlovu");
  await shows(bubbleOf(page, id), "Hi Sipho, your order KK-1042 is on its way.");
  await sipho.locator(".unread").waitFor({ state: "detached" });
  await emulator.send(SIPHO, { type: "reaction", reaction: { message_id: await say(page, business, "Dankie"), emoji: "👍" } });
  await shows(page.locator(".bubble.mine .reaction"), "👍");
  equal(await page.evaluate(() => window.before), true, "page of before");
}

async function markupStaysText({ page, business, emulator }) {
  const markup = "<img src=x onerror=alert(1)><b>bold</b> javascript:alert(1)";
  await be(page, "Thandi Mokoena");
  await say(page, business, markup);
  const id = await emulator.send(THANDI, { type: "text", text: { body: markup } });
  await shows(bubbleOf(page, id), markup);
  equal(await page.locator("#log img, #log b, #log script").count(), 0, "elements made from text");
}

async function lookAround({ page, business, emulator, browser, shots }) {
  await page.setViewportSize({ width: 360, height: 740 });
  for (const [width, scheme] of LAYOUTS) {
    await inspect(page, browser, shots, `people-${width}-${scheme}`, width, scheme);
  }
  await be(page, "Thandi Mokoena");
  for (const [width, scheme] of LAYOUTS) {
    await inspect(page, browser, shots, `empty-${width}-${scheme}`, width, scheme);
  }
  const last = await fillChat(page, business, emulator);
  await page.waitForFunction(() => {
    const log = document.getElementById("log");
    return log.scrollHeight - log.scrollTop - log.clientHeight < 2;
  }).catch(() => { throw new Error("the chat is not at its end"); });
  for (const [width, scheme] of LAYOUTS) {
    await inspect(page, browser, shots, `chat-${width}-${scheme}`, width, scheme);
  }
  await page.evaluate(() => { document.getElementById("log").scrollTop = 0; });
  for (const [width, scheme] of LAYOUTS) {
    await inspect(page, browser, shots, `top-${width}-${scheme}`, width, scheme);
  }
  await bubbleOf(page, last).getByText("Choose beans").click();
  await page.locator("#menu summary").click();
  for (const [width, scheme] of LAYOUTS) {
    await inspect(page, browser, shots, `menu-${width}-${scheme}`, width, scheme);
  }
}

async function loseEmulator({ page, browser, emulator }) {
  await be(page, "Thandi Mokoena");
  browser.excuse();
  equal(await emulator.stop(), 0, "exit code of the emulator");
  await shows(page.getByRole("alert"), "cannot be reached");
  await page.emulateMedia({ colorScheme: "dark" });
  await browser.checkAccess(page, "without an emulator");
}

/** One layout: a picture if wanted, no sideways scrolling, nothing for the accessibility checker. */
async function inspect(page, browser, shots, name, width, scheme) {
  await page.setViewportSize({ width, height: width < 500 ? 740 : 800 });
  await page.emulateMedia({ colorScheme: scheme });
  if (shots) {
    await mkdir(shots, { recursive: true });
    await page.screenshot({ path: join(shots, `${name}.png`) });
  }
  const wide = await page.evaluate(() => {
    const boxes = [document.scrollingElement, ...document.querySelectorAll("body *")];
    const scrolls = (box) => box.clientWidth + 1 < box.scrollWidth && getComputedStyle(box).overflowX !== "hidden" && !["INPUT", "TEXTAREA"].includes(box.tagName);
    return boxes.filter(scrolls).map((box) => box.id || box.className || box.tagName);
  });
  equal(wide.join(" "), "", `${name}: boxes that scroll sideways`);
  await browser.checkAccess(page, name);
}

/** A chat with a bubble of every look. Returns the message with the list. */
async function fillChat(page, business, emulator) {
  await say(page, business, "Good morning. Do you have anything from Ethiopia, and can I fetch it today before five?");
  const receipt = { type: "document", document: { link: "https://shop.example/receipt.pdf", filename: "Receipt-KK-1042.pdf" } };
  const id = await emulator.send(THANDI, receipt);
  await emulator.send(THANDI, { type: "text", text: { body: `Yes. https://kaapsekoffie.example/${"beans".repeat(30)}` }, context: { message_id: id } });
  await emulator.sendTemplate(THANDI, "spring_sale", "Thandi", "20%");
  const mine = await say(page, business, "Thank you!");
  await emulator.send(THANDI, { type: "reaction", reaction: { message_id: mine, emoji: "❤️" } });
  await page.getByLabel("Send a picture").setInputFiles({ name: "cup.png", mimeType: "image/png", buffer: await picture(page, 320, 200) });
  await business.hearsMessage((message) => message.type === "image");
  await emulator.send(THANDI, { type: "location", location: { latitude: -33.9249, longitude: 18.4241, name: "Kaapse Koffie, Long Street" } });
  await emulator.send(THANDI, { type: "interactive", interactive: choice() });
  await emulator.sendTemplate(SIPHO, "order_update", "Sipho", "KK-1042");
  const last = await emulator.send(THANDI, { type: "interactive", interactive: menu() });
  await shows(bubbleOf(page, last), "read");
  return last;
}

function choice() {
  const button = (id, title) => ({ type: "reply", reply: { id, title } });
  return { type: "button", body: { text: "Which grind?" }, footer: { text: "Ground while you wait" }, action: { buttons: [button("espresso", "Espresso"), button("filter", "Filter")] } };
}

function menu() {
  const rows = [
    { id: "sidamo", title: "Sidamo", description: "Natural, medium roast" },
    { id: "limu", title: "Limu", description: "Washed, light roast" },
  ];
  return { type: "list", header: { type: "text", text: "Ethiopia" }, body: { text: "Two beans came in this week." }, action: { button: "Choose beans", sections: [{ title: "250 g", rows }] } };
}

async function be(page, name) {
  await page.getByRole("button", { name: new RegExp(name) }).click();
  await shows(page.locator("#chat-sub"), `You are ${name}`);
}

/** Writes a text and returns the id under which the business heard of it. */
async function say(page, business, text) {
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.getByLabel("Message", { exact: true }).press("Enter");
  const message = await business.hearsMessage((message) => message.text?.body === text);
  await shows(bubbleOf(page, message.id), "delivered");
  return message.id;
}

async function pickFromMenu(page, name) {
  await page.locator("#menu summary").click();
  await page.locator("#menu").getByRole("button", { name }).click();
}

function heardPreference(business, wanted) {
  return business.hears("user_preferences", (value) => value.user_preferences?.some((one) => one.value === wanted));
}

function bubbleOf(page, id) {
  return page.locator(`[id="${id}"]`);
}

/** Notes every tick each bubble shows from now on. Returns a function that tells those of one. */
function watchTicks(page) {
  const watching = page.evaluate(() => {
    window.ticks = {};
    const note = () => {
      for (const bubble of document.querySelectorAll("#log article")) {
        const seen = (window.ticks[bubble.id] ??= []);
        const word = bubble.querySelector(".ticks").textContent.trim().split(" ")[0];
        if (seen.at(-1) !== word) seen.push(word);
      }
    };
    new MutationObserver(note).observe(document.getElementById("log"), { childList: true, subtree: true });
  });
  return async (id) => {
    await watching;
    return page.evaluate((id) => window.ticks[id] ?? [], id);
  };
}

/** Presses `key` until what has the focus is named `wanted`. */
async function tabTo(page, wanted, key = "Tab") {
  const passed = [];
  for (let count = 0; count < 40; count += 1) {
    await page.keyboard.press(key);
    const name = await focused(page);
    if (wanted.test(name)) return;
    passed.push(name);
  }
  throw new Error(`${key} does not lead to ${wanted}, but to ${[...new Set(passed)].join(", ")}`);
}

/** What a person would call the element that has the focus. */
function focused(page) {
  return page.evaluate(() => {
    const at = document.activeElement;
    return (at.getAttribute("aria-label") ?? at.labels?.[0]?.textContent ?? at.textContent).trim().replace(/\s+/g, " ");
  });
}

/** Waits until `place` shows `text`. */
async function shows(place, text) {
  try {
    await place.filter({ hasText: text }).waitFor();
  } catch {
    const found = await place.allInnerTexts();
    throw new Error(`expected “${text}”, found ${found.length ? `“${found.join("”, “").replace(/\s+/g, " ")}”` : "nothing"}`);
  }
}

function equal(found, expected, what) {
  if (found !== expected) throw new Error(`${what}: expected “${expected}”, found “${found}”`);
}

/** A PNG of `width` × `height` pixels, drawn by the browser. */
async function picture(page, width, height) {
  const url = await page.evaluate(([width, height]) => {
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#8a5a3c";
    pen.fillRect(0, 0, width, height);
    return canvas.toDataURL("image/png");
  }, [width, height]);
  return Buffer.from(url.slice(url.indexOf(",") + 1), "base64");
}

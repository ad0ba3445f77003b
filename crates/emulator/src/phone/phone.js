// Plays one of several people: keeps the page in step with the emulator.

import { bubble, day, element, personButton, tick } from "./view.js";

const part = (id) => document.getElementById(id);
const state = { people: [], numbers: [], person: null, number: null, unread: new Map(), now: 0, read: 0, virtual: false, lastDay: "", atEnd: true, top: 0 };
let typingTimer;

async function get(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

async function call(path, body) {
  const answer = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  const shown = await answer.json();
  notice(answer.ok ? "" : `That did not work: ${shown.error}`, true);
  return answer.ok;
}

function notice(text, alarm = false) {
  part("notice").textContent = text;
  part("notice").hidden = !text;
  part("notice").classList.toggle("alarm", alarm);
}

async function loadState() {
  const fresh = await get("state");
  Object.assign(state, { people: fresh.people, numbers: fresh.numbers, now: fresh.now, read: performance.now(), virtual: fresh.virtual });
  if (!state.numbers.some((number) => number.id === state.number)) state.number = state.numbers[0]?.id;
  drawNumbers();
  drawPeople();
  drawHead();
  drawClock();
}

function drawClock() {
  const passed = state.virtual ? 0 : (performance.now() - state.read) * 1000;
  const now = new Date((state.now + passed) / 1000);
  part("clock").textContent = now.toLocaleString([], { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hour12: false });
  part("clock").dateTime = now.toISOString();
  part("clock-kind").textContent = state.virtual ? "Virtual time" : "Time";
}

function drawNumbers() {
  part("number-label").hidden = state.numbers.length < 2 || !state.person;
  part("number").replaceChildren(...state.numbers.map((number) =>
    element("option", { value: number.id, selected: number.id === state.number }, number.name)));
}

function drawPeople() {
  const focused = document.activeElement?.dataset?.person;
  part("people-list").replaceChildren(...state.people.map((person) => personButton(person, {
    current: person.id === state.person,
    unread: state.unread.get(person.id) ?? 0,
    choose: () => { location.hash = person.id; part("chat").focus(); },
  })));
  if (focused) document.querySelector(`[data-person="${CSS.escape(focused)}"]`)?.focus();
}

function drawHead() {
  const person = state.people.find((one) => one.id === state.person);
  const number = state.numbers.find((one) => one.id === state.number);
  part("menu").hidden = part("composer").hidden = !person;
  part("number-label").hidden = state.numbers.length < 2 || !person;
  if (!person || !number) {
    part("chat-name").textContent = "Choose a person";
    part("chat-sub").textContent = "";
    if (!part("log").childElementCount) part("log").append(element("p", { class: "empty" }, "Choose one of the people. You hold their phone: what you write reaches the business as a webhook, what the business sends appears here."));
    return;
  }
  const who = person.phone ? `+${person.phone}` : `${person.username ? `@${person.username}, ` : ""}number not shared`;
  part("chat-name").textContent = number.name;
  part("chat-sub").textContent = `You are ${person.name} (${who}), writing to ${number.display}`;
  part("preference").textContent = person.marketing_stopped ? "Resume promotions" : "Stop promotions";
  document.title = `${person.name} – phone`;
  notice(person.marketing_stopped ? "You stopped promotions of this business in WhatsApp." : "");
}

async function openChat() {
  const id = decodeURIComponent(location.hash.slice(1));
  state.person = state.people.some((person) => person.id === id) ? id : null;
  document.body.classList.toggle("chatting", Boolean(state.person));
  state.unread.delete(state.person);
  part("typing").textContent = "";
  part("log").replaceChildren();
  drawPeople();
  drawHead();
  const turn = ++opened;
  if (!state.person) return release();
  const query = new URLSearchParams({ person: state.person, number: state.number });
  held ??= [];
  const chat = await get(`chat?${query}`).catch(() => null);
  // Whoever opened one meanwhile fetches anew, and releases what is held.
  if (turn !== opened) return;
  if (!chat) return release();
  const { messages } = chat;
  state.lastDay = "";
  // A chat that is opened is not read out message by message.
  part("log").setAttribute("aria-live", "off");
  part("log").replaceChildren();
  messages.forEach(place);
  if (!messages.length) part("log").append(element("p", { class: "empty" }, "No messages yet. Write the first one: it opens the 24-hour window in which the business may answer freely."));
  toEnd();
  release();
  setTimeout(() => part("log").setAttribute("aria-live", "polite"), 200);
}

// What happens while a chat is fetched may be newer than what comes back, and would be drawn over.
let held = null;
let opened = 0;
function release() {
  const events = held ?? [];
  held = null;
  events.forEach(happened);
}

function happened(what) {
  if (what.kind === "message") arrived(what.message);
  else if (what.kind === "tick") moved(what);
  else if (what.kind === "typing") typing(what);
  else if (what.kind === "reset") refresh();
  else loadState();
}

function place(message) {
  const log = part("log");
  const old = document.getElementById(message.id);
  const made = bubble(message, act);
  if (old) return old.replaceWith(made);
  log.querySelector(".empty")?.remove();
  const today = day(message.at);
  if (today !== state.lastDay) log.append(element("p", { class: "day" }, today));
  state.lastDay = today;
  log.append(made);
}

function arrived(message) {
  const person = state.people.find((one) => one.id === message.person);
  if (person && (person.last?.at ?? 0) <= message.at) person.last = message;
  const open = message.person === state.person && message.number === state.number;
  if (open) {
    place(message);
    document.getElementById(message.id)?.classList.add("new");
    if (state.atEnd || !message.from_business) toEnd();
    if (message.from_business) part("typing").textContent = "";
  } else if (message.from_business) {
    state.unread.set(message.person, (state.unread.get(message.person) ?? 0) + 1);
  }
  drawPeople();
}

function toEnd() {
  state.atEnd = true;
  part("log").scrollTop = part("log").scrollHeight;
}

function moved(event) {
  document.getElementById(event.id)?.querySelector(".ticks")?.replaceWith(tick(event.tick));
}

function typing(event) {
  if (event.person !== state.person || event.number !== state.number) return;
  part("typing").textContent = "typing…";
  clearTimeout(typingTimer);
  typingTimer = setTimeout(() => { part("typing").textContent = ""; }, 25000);
}

function act(id, send) {
  return call("/_emulator/inbound", { ...send, from: state.person, number: state.number, context: { id } });
}

function say(body) {
  return call("/_emulator/inbound", { ...body, from: state.person, number: state.number });
}

part("composer").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = part("text").value.trim();
  if (text && await say({ type: "text", text })) part("text").value = "";
  part("text").focus();
});

part("text").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  part("composer").requestSubmit();
});

part("picture").addEventListener("change", async (event) => {
  const file = event.target.files[0];
  if (!file) return;
  const query = new URLSearchParams({ person: state.person, number: state.number });
  const caption = part("text").value.trim();
  if (caption) query.set("caption", caption);
  const answer = await fetch(`picture?${query}`, { method: "POST", headers: { "content-type": file.type }, body: file });
  if (answer.ok) part("text").value = "";
  else notice(`The picture was not sent: ${(await answer.json()).error}`, true);
  event.target.value = "";
});

const menu = (id, action) => part(id).addEventListener("click", () => {
  part("menu").open = false;
  part("menu").querySelector("summary").focus();
  action();
});
menu("preference", () => {
  const person = state.people.find((one) => one.id === state.person);
  call("/_emulator/preference", { person: state.person, number: state.number, value: person.marketing_stopped ? "resume" : "stop" });
});
menu("send-location", () => say({ type: "location" }));
menu("send-contact", () => say({ type: "contacts" }));

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && part("menu").open) {
    part("menu").open = false;
    part("menu").querySelector("summary").focus();
  }
});
document.addEventListener("click", (event) => {
  if (!part("menu").contains(event.target)) part("menu").open = false;
});
part("log").addEventListener("scroll", () => {
  const log = part("log");
  // Only a person scrolls up; a distance alone may be a picture that has just got its height.
  if (log.scrollHeight - log.scrollTop - log.clientHeight < 120) state.atEnd = true;
  else if (log.scrollTop < state.top) state.atEnd = false;
  state.top = log.scrollTop;
});
// A picture gets its height when it has loaded; neither "load" nor "toggle" bubbles.
part("log").addEventListener("load", () => { if (state.atEnd) toEnd(); }, true);
part("log").addEventListener("toggle", (event) => { if (event.target.open) event.target.scrollIntoView({ block: "nearest" }); }, true);
new ResizeObserver(() => { if (state.atEnd) toEnd(); }).observe(part("log"));
part("back").addEventListener("click", () => { location.hash = ""; });
part("number").addEventListener("change", (event) => { state.number = event.target.value; openChat(); });
window.addEventListener("hashchange", openChat);
setInterval(drawClock, 1000);

async function refresh() {
  await loadState();
  await openChat();
}

// A page kept for "back" must not hold one of the few connections a browser opens to a host.
let live;
function listen() {
  live = new EventSource("events");
  live.addEventListener("open", () => { part("lost").hidden = true; refresh(); });
  live.addEventListener("error", () => { part("lost").hidden = false; });
  live.addEventListener("message", (event) => {
    const what = JSON.parse(event.data);
    if (held && what.kind !== "reset") held.push(what);
    else happened(what);
  });
}
window.addEventListener("pagehide", () => live.close());
window.addEventListener("pageshow", (event) => { if (event.persisted) listen(); });
listen();

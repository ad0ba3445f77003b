// Builds the parts of the page. Text from messages only ever becomes text nodes.

const TICKS = {
  accepted: ["○", "accepted"],
  sent: ["✓", "sent"],
  delivered: ["✓✓", "delivered"],
  read: ["✓✓", "read"],
  played: ["✓✓", "played"],
  failed: ["!", "failed"],
};

const KINDS = { audio: "Sound", document: "Document", image: "Picture", sticker: "Sticker", video: "Video" };

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

export function time(micros) {
  return new Date(micros / 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
}

export function day(micros) {
  return new Date(micros / 1000).toLocaleDateString([], { weekday: "long", day: "numeric", month: "long", year: "numeric" });
}

export function initials(name) {
  const words = name.split(/\s+/).filter((word) => /^\p{L}/u.test(word));
  return ((words[0] ?? "?")[0] + (words.length > 1 ? words[words.length - 1][0] : "")).toUpperCase();
}

export function snippet(message) {
  if (!message) return "No messages yet";
  const view = message.view;
  const said = view.text ?? view.header ?? (view.media && KINDS[view.media.kind]) ?? view.note ?? "Message";
  return message.from_business ? said : `You: ${said}`;
}

export function personButton(person, { current, unread, choose }) {
  const last = person.last;
  return element("li", {},
    element("button", { type: "button", class: "person", "aria-current": current ? "true" : "false", "data-person": person.id, onclick: choose },
      element("span", { class: "avatar", "aria-hidden": "true" }, initials(person.name)),
      element("span", { class: "person-name" }, person.name),
      element("span", { class: "person-time" }, last ? time(last.at) : ""),
      element("span", { class: "person-last" }, snippet(last)),
      unread ? element("span", { class: "unread" }, String(unread), element("span", { class: "hidden" }, " unread")) : null));
}

export function bubble(message, act) {
  const view = message.view;
  const mine = !message.from_business;
  const made = element("article", { class: `bubble${mine ? " mine" : ""}${message.reaction ? " reacted" : ""}`, id: message.id },
    element("span", { class: "hidden" }, mine ? "You: " : "Business: "),
    view.template ? element("p", { class: "template" }, `Template ${view.template}`) : null,
    view.quote ? element("p", { class: "quote" }, view.quote) : null,
    view.media ? media(view.media) : null,
    view.header ? element("p", { class: "head" }, view.header) : null,
    view.text ? element("p", {}, view.text) : null,
    view.note ? element("p", { class: "note" }, view.note) : null,
    view.footer ? element("p", { class: "foot" }, view.footer) : null,
    element("div", { class: "meta" }, element("time", {}, time(message.at)), tick(message.tick)),
    view.actions?.length ? actions(view, (send) => act(message.id, send)) : null,
    message.reaction ? element("span", { class: "reaction" }, element("span", { class: "hidden" }, "Reaction: "), message.reaction) : null);
  return made;
}

export function tick(state) {
  const [mark, word] = TICKS[state] ?? TICKS.accepted;
  return element("span", { class: `ticks tick-${state}`, },
    `${word} `,
    element("span", { class: "tick", "aria-hidden": "true" }, mark));
}

function media(shown) {
  if (shown.src && shown.mime.startsWith("image/")) return element("img", { src: shown.src, alt: `Picture${shown.name ? ` ${shown.name}` : ""}` });
  if (shown.src && shown.kind === "audio") return element("audio", { src: shown.src, controls: true });
  if (shown.src && shown.kind === "video") return element("video", { src: shown.src, controls: true });
  const label = `${KINDS[shown.kind] ?? "File"}: ${shown.name ?? "no name"}`;
  return shown.src ? element("a", { class: "file", href: shown.src, download: shown.name ?? "" }, label) : element("span", { class: "file" }, label);
}

function actions(view, send) {
  if (!view.menu) return element("div", { class: "actions" }, ...view.actions.map((action) => single(action, send)));
  const rows = [];
  let section;
  for (const action of view.actions) {
    if (action.section && action.section !== section) rows.push(element("p", { class: "section" }, action.section));
    section = action.section;
    rows.push(element("button", { type: "button", class: "row", onclick: () => send(action.send) }, action.label,
      action.hint ? element("span", {}, action.hint) : null));
  }
  return element("div", { class: "actions" }, element("details", {}, element("summary", {}, view.menu), element("div", {}, ...rows)));
}

function single(action, send) {
  if (action.url) return element("a", { href: safe(action.url), target: "_blank", rel: "noopener noreferrer" }, `${action.label} ↗`);
  return element("button", { type: "button", disabled: !action.send, onclick: () => send(action.send) }, action.label);
}

// Only web addresses become links.
function safe(url) {
  return /^(http|https):/i.test(url) ? url : undefined;
}

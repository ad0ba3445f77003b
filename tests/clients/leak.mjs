// Looks for a person in bytes that must not hold one.
//
// A number is looked for in every spelling people and programs use, and inside whatever decodes as
// base64, hexadecimal or percent-encoding: a WhatsApp message id holds the number in clear text under
// base64.

const BASE64 = /[A-Za-z0-9+/_-]{12,}/g;
const HEX = /(?:[0-9A-Fa-f]{2}){7,}/g;
const ESCAPE = /\\u([0-9a-fA-F]{4})/g;
const PERCENT = /%([0-9a-fA-F]{2})/g;

/** Where a person, or one of Meta's own message ids, stands in what was seen. */
export function leaks(seen, people, ids) {
  const needles = people.flatMap((person) =>
    spellings(person).flatMap((text) =>
      ["utf8", "utf16le"].map((coding) => [Buffer.from(text, coding).toString("latin1"), `${person.handle}'s ${text}`]),
    ),
  );
  for (const id of ids) needles.push([id.replace(/^wamid\./, ""), "a message id of Meta's"]);
  return seen.flatMap((raw, place) => {
    const texts = unfolded(raw.toString("latin1"), 2);
    const found = needles.filter(([needle]) => texts.some((text) => text.includes(needle)));
    return found.map(([, what]) => `${what} in what reached the app as number ${place}`);
  });
}

/** Places in which a person stands, each of which the probe must find. */
export function planted({ phone, name, user_id: userId }) {
  const local = phone.slice(2);
  const wamid = Buffer.from(`\x1c\x18\x0b${phone}\x15\x02\x00\x12\x18\x02AB\x00`, "latin1");
  return [
    phone,
    `call +27 ${local.slice(0, 2)} ${local.slice(2, 5)} ${local.slice(5)}`,
    `{"id":"wamid.${wamid.toString("base64")}"}`,
    `/media/${Buffer.concat([Buffer.from("x"), wamid]).toString("base64url")}`,
    `hash=${Buffer.from(phone).toString("hex")}`,
    `to=%2B${[...phone].map((digit) => `%3${digit}`).join("")}`,
    name,
    userId,
  ].map((text) => Buffer.from(text));
}

/** Every way in which the person may stand in a text. */
function spellings({ phone, name, user_id: userId }) {
  const local = phone.slice(2);
  const national = `0${local}`;
  const groups = [
    [phone.slice(0, 2), local.slice(0, 2), local.slice(2, 5), local.slice(5)],
    [national.slice(0, 3), national.slice(3, 6), national.slice(6)],
    [local.slice(0, 2), local.slice(2, 5), local.slice(5)],
  ];
  const grouped = groups.flatMap((parts) => [" ", "-", ".", "\u00a0"].map((separator) => parts.join(separator)));
  const names = [name, ...name.split(" ").filter((part) => 3 < part.length)];
  const backwards = [...phone].reverse().join("");
  return [phone, national, local, phone.slice(-7), backwards, ...grouped, ...names, userId, userId.split(".").at(-1)];
}

/** `raw`, and all that can be decoded out of it. Each is a string of bytes. */
function unfolded(raw, depth) {
  const plain = raw.replace(ESCAPE, (_, code) => Buffer.from(String.fromCharCode(parseInt(code, 16))).toString("latin1"));
  const found = [raw, plain, plain.replace(PERCENT, (_, code) => String.fromCharCode(parseInt(code, 16)))];
  if (depth === 0) return found;
  for (const [text] of plain.matchAll(BASE64)) {
    for (let start = 0; start < 4; start += 1) {
      found.push(...unfolded(Buffer.from(text.slice(start), "base64").toString("latin1"), depth - 1));
    }
  }
  for (const [text] of plain.matchAll(HEX)) {
    found.push(...unfolded(Buffer.from(text, "hex").toString("latin1"), depth - 1));
  }
  return found;
}

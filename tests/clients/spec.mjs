// What every SDK must be able to do with the gateway, in both identity modes.
//
// An SDK is a module of `sdks/`; to add one, write its module and a `*.test.mjs` that names it.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { inspect } from "node:util";
import { deflateSync } from "node:zlib";

import { Instance } from "./instance.mjs";
import { leaks, planted } from "./leak.mjs";
import { register } from "./sdks/aliases.mjs";

// The emulator's, which stand for Meta's: they are the gateway's alone.
const SECRETS = ["emulator-access-token", "emulator-app-secret"];
const ALIAS = /^[A-Z]{2}\.\d{20}$/;

export function specify(name, sdk, { pages }) {
  describe(name, () => {
    let instance;
    before(async () => {
      instance = await Instance.start(sdk);
    });
    after(() => instance?.stop());

    for (const mode of ["real", "alias"]) {
      describe(`as an app in mode ${mode}`, () => {
        const scene = () => new Scene(instance, instance.apps[mode], sdk);
        common(scene);
        templates(scene, pages);
        if (mode === "real") realOnly(scene);
        else aliasOnly(scene);
        outside(scene);
      });
    }
  });
}

/** One app, the people, and what stands behind the gateway. */
class Scene {
  static #count = 0;

  constructor(instance, app, sdk) {
    Object.assign(this, { instance, app, sdk, emulator: instance.emulator });
  }

  person(role) {
    return this.instance.people[role];
  }

  /** The person writes to the business, and the app hears it. */
  async meets(role, text) {
    await this.emulator.write(this.person(role), { type: "text", text: { body: text } });
    return this.app.expectMessage((message) => message.text === text);
  }

  /** What the app writes to the person under. */
  async address(role) {
    if (this.app.mode === "real") return { to: `+${this.person(role).phone}` };
    const { sender } = await this.meets(role, `hello ${(Scene.#count += 1)}`);
    return { recipient: sender.userId };
  }

  /** Sends to the person, follows the statuses, and returns the body that Meta got. */
  reaches(role, verb, ...rest) {
    return this.#follows(["sent", "delivered", "read"], role, verb, rest);
  }

  /** The same for what Meta reports no delivery of. */
  reachesSilently(role, verb, ...rest) {
    return this.#follows(["sent"], role, verb, rest);
  }

  async #follows(words, role, verb, rest) {
    const person = await this.address(role);
    const mark = await this.emulator.mark();
    const answer = await this.app.send(verb, person, ...rest);
    const { id } = answer.messages[0];
    assert.match(id, /^wamid\./, "the id is not of Meta's form");
    this.#isAddressee(this.sdk.addressee(answer), role, person);
    await this.emulator.settle();
    for (const word of words) {
      const { recipient } = await this.app.expectStatus(id, word);
      this.#isAddressee(recipient, role, person);
    }
    const [call, ...more] = (await this.emulator.sent(mark)).filter(({ kind }) => kind === "message");
    assert.equal(more.length, 0, "more than one call reached Meta");
    assert.equal(call.body.to, `+${this.person(role).phone}`, "Meta got another recipient");
    assert.notEqual(id, call.id, "the app got Meta's own message id");
    return call.body;
  }

  #isAddressee({ phone, userId }, role, { recipient }) {
    if (this.app.mode === "real") assert.equal(phone, this.person(role).phone);
    else assert.deepEqual({ phone, userId }, { phone: undefined, userId: recipient });
  }

  /** The gate refuses the send with this code and says why, and nothing reaches Meta. */
  async isRefused(code, reason, person, verb, ...rest) {
    const mark = await this.emulator.mark();
    const refusal = await this.sdk.refusalOf(() => this.app.send(verb, person, ...rest));
    assert.ok(refusal, "the send was not refused");
    this.app.seen.push(Buffer.from(inspect(refusal.error, { depth: 6 })));
    assert.equal(refusal.code, code);
    assert.match(refusal.reason, reason);
    assert.deepEqual(await this.emulator.sent(mark), [], "a refused send reached Meta");
  }

  async leaks() {
    return leaks(this.app.seen, Object.values(this.instance.people), await this.emulator.wamids());
  }
}

function common(scene) {
  test("a person's message arrives, verified and read by the SDK", async () => {
    const { app, person, meets } = bound(scene());
    const { sender } = await meets("consented", "Môre! Is the Yirgacheffe in? ☕");
    const { phone, user_id: userId, name } = person("consented");
    if (app.mode === "real") {
      assert.deepEqual(sender, { phone, userId, name });
    } else {
      assert.equal(sender.phone, undefined, "the alias app got a number");
      assert.match(sender.userId, ALIAS);
      assert.notEqual(sender.userId, userId);
      assert.notEqual(sender.name, name);
      assert.equal((await meets("consented", "and once more")).sender.userId, sender.userId, "the alias changed");
    }
  });

  test("a webhook that was changed on its way is refused by the SDK", async () => {
    const { app, meets } = bound(scene());
    await meets("consented", "pay account 4711");
    const webhook = app.webhooks.findLast(({ rawBody }) => rawBody.includes("account 4711"));
    assert.ok(await app.receive(webhook), "the webhook as it came");
    const tampered = { ...webhook, rawBody: Buffer.from(webhook.rawBody.toString().replace("4711", "4712")) };
    assert.equal(await app.receive(tampered), null);
    const headers = { "content-type": "application/json", "x-hub-signature-256": webhook.headers["x-hub-signature-256"] };
    assert.equal((await fetch(app.webhook, { method: "POST", headers, body: tampered.rawBody })).status, 401);
  });

  test("a text is sent, and its statuses come back", async () => {
    const body = await scene().reaches("consented", "sendText", "It is, come by.");
    assert.deepEqual(body.text, { body: "It is, come by." });
  });

  test("an answer quotes the message it answers", async () => {
    const { meets, reaches, emulator } = bound(scene());
    const { id } = await meets("consented", "which hours?");
    const body = await reaches("consented", "sendReply", "From seven.", id);
    assert.ok((await emulator.wamids()).includes(body.context.message_id), "Meta does not know the quoted message");
  });

  test("a template is sent with its variables", async () => {
    const { template } = await scene().reaches("consented", "sendTemplate", "order_update", ["Friend", "KK-1042"]);
    const [part] = template.components;
    assert.deepEqual([template.name, template.language.code, part.type], ["order_update", "en", "body"]);
    assert.deepEqual(part.parameters, [{ type: "text", text: "Friend" }, { type: "text", text: "KK-1042" }]);
  });

  test("a picture is uploaded, then sent by its id", async () => {
    const { image, type } = await scene().reaches("consented", "sendPicture", dot(), "A dot");
    assert.deepEqual([type, image.caption, typeof image.id], ["image", "A dot", "string"]);
  });

  test("a person's picture is fetched through the gateway", async () => {
    const { app, emulator, instance, person, sdk } = bound(scene());
    const image = { mime_type: "image/png", data: dot().toString("base64") };
    await emulator.write(person("consented"), { type: "image", image });
    const { media } = await app.expectMessage((message) => message.media);
    assert.equal(new URL(await sdk.locateMedia(app.client, media)).origin, instance.gateway);
    assert.deepEqual(await sdk.fetchMedia(app.client, media, app.token), dot());
  });

  test("reply buttons are sent, and a tap comes back", async () => {
    const { app, emulator, person, reaches } = bound(scene());
    const buttons = [{ id: "yes-1", title: "Yes" }, { id: "no-1", title: "No" }];
    const { interactive } = await reaches("consented", "sendButtons", "Keep it?", buttons);
    assert.deepEqual(interactive.action.buttons.map(({ reply }) => reply), buttons);
    const tap = { type: "button_reply", button_reply: buttons[0] };
    await emulator.write(person("consented"), { type: "interactive", interactive: tap });
    assert.equal((await app.expectMessage(({ choice }) => choice)).choice, "yes-1");
  });

  test("a list is sent, and a choice comes back", async () => {
    const { app, emulator, person, reaches } = bound(scene());
    const rows = [{ id: "shop-1", title: "Cape Town" }, { id: "shop-2", title: "Paarl" }];
    const sections = [{ title: "Western Cape", rows }];
    const { interactive } = await reaches("consented", "sendList", "Where?", "Shops", sections);
    assert.deepEqual([interactive.type, interactive.action], ["list", { button: "Shops", sections }]);
    const choice = { type: "list_reply", list_reply: rows[1] };
    await emulator.write(person("consented"), { type: "interactive", interactive: choice });
    assert.equal((await app.expectMessage((message) => message.choice)).choice, "shop-2");
  });

  test("a message is answered with an emoji", async () => {
    const { meets, reachesSilently, emulator } = bound(scene());
    const { id } = await meets("consented", "dankie!");
    const { reaction } = await reachesSilently("consented", "sendReaction", id, "👍");
    assert.equal(reaction.emoji, "👍");
    assert.ok((await emulator.wamids()).includes(reaction.message_id), "Meta does not know the message");
  });

  test("a message is marked as read, with typing shown", async () => {
    const { app, meets, emulator } = bound(scene());
    const { id } = await meets("consented", "are you there?");
    const mark = await emulator.mark();
    assert.equal((await app.send("markRead", id)).success, true);
    const [{ kind, body }, ...more] = await emulator.sent(mark);
    assert.deepEqual([kind, body.status, body.typing_indicator, more.length], ["read", "read", { type: "text" }, 0]);
    assert.ok((await emulator.wamids()).includes(body.message_id), "Meta does not know the message");
  });

  test("a promotion without consent to promotions is refused with 131005", async () => {
    const { address, isRefused } = bound(scene());
    await isRefused(131005, /consent/, await address("consented"), "sendTemplate", "spring_sale", ["Friend", "20%"]);
  });

  test("a promotion to somebody who said STOP is refused with 131050", async () => {
    const { address, isRefused } = bound(scene());
    await isRefused(131050, /stop/i, await address("stopped"), "sendTemplate", "spring_sale", ["Friend", "20%"]);
  });
}

function templates(scene, pages) {
  test(pages ? "templates are listed page by page" : "templates are listed", async () => {
    const { app, instance, sdk } = bound(scene());
    const all = await sdk.listTemplates(app.client, instance.accountId, 100);
    const keys = all.map(({ name, language }) => `${name} ${language}`);
    assert.ok(keys.includes("order_update af"));
    assert.equal(new Set(keys).size, keys.length);
    const few = await sdk.listTemplates(app.client, instance.accountId, 3);
    assert.deepEqual(few, pages ? all : all.slice(0, 3));
    const links = app.seen.flatMap((raw) => raw.toString().match(/(?<="next":)"[^"]*"/)?.[0] ?? []);
    assert.notEqual(links.length, 0, "no page has a link to the next");
    for (const link of links) assert.equal(new URL(JSON.parse(link)).origin, instance.gateway);
  });
}

function realOnly(scene) {
  test("free text outside the window is refused with 131047", async () => {
    const { address, isRefused } = bound(scene());
    await isRefused(131047, /only a template/, await address("cold"), "sendText", "Hello?");
  });
}

function aliasOnly(scene) {
  test("a customer who never wrote gets an alias, and is refused under it with 131047", async () => {
    const { app, isRefused, person } = bound(scene());
    const alias = await register(app, "crm-4711", `+${person("cold").phone}`);
    assert.match(alias, ALIAS);
    assert.equal(await register(app, "crm-4711", `+${person("cold").phone}`), alias, "the alias changed");
    await isRefused(131047, /only a template/, { recipient: alias }, "sendText", "Hello?");
  });
}

/** Comes last: it looks at all that reached the app. */
function outside(scene) {
  test("nothing that reached the app says more of the people than its mode allows", async () => {
    const { app, person, leaks: found } = bound(scene());
    for (const raw of planted(person("consented"))) {
      assert.notDeepEqual(leaks([raw], [person("consented")], []), [], `the probe is blind to ${raw}`);
    }
    assert.ok(20 < app.seen.length, "hardly anything reached the app");
    for (const secret of SECRETS) assert.ok(!app.seen.some((raw) => raw.includes(secret)), "a secret of Meta's reached the app");
    if (app.mode === "real") assert.notDeepEqual(await found(), [], "the probe is blind");
    else assert.deepEqual(await found(), []);
  });
}

/** The scene with its methods bound, so that a test can take what it needs. */
function bound(scene) {
  const methods = Object.getOwnPropertyNames(Scene.prototype).filter((name) => name !== "constructor");
  return { ...scene, ...Object.fromEntries(methods.map((name) => [name, scene[name].bind(scene)])) };
}

/** A PNG of one grey dot. */
function dot() {
  const chunk = (kind, data) => {
    const bytes = Buffer.concat([Buffer.from(kind), data]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length, 0);
    frame.writeUInt32BE(checksum(bytes), 4);
    return Buffer.concat([frame.subarray(0, 4), bytes, frame.subarray(4)]);
  };
  const head = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0]);
  const data = deflateSync(Buffer.from([0, 0x80, 0x80, 0x80]));
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk("IHDR", head), chunk("IDAT", data), chunk("IEND", Buffer.alloc(0))]);
}

function checksum(bytes) {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}

// An app as its developer would run it: the SDK's client, and a server that gives webhooks to the SDK.
//
// Everything that reaches it is also kept as it stood on the wire, for the leak probe.

import { once } from "node:events";
import { createServer } from "node:http";

const PATIENCE = 10_000;

export class App {
  /** Each request or answer that reached the app, its header fields in front of its body. */
  seen = [];
  /** Each webhook: its method, header fields and raw body. */
  webhooks = [];

  #server;
  #sdk;
  #secret;
  #updates = [];
  #waiting = new Set();

  /** Listens for webhooks. An instance is told where to relay before the app can send. */
  static async listen(mode, sdk) {
    const app = new App();
    app.mode = mode;
    app.#sdk = sdk;
    app.#server = createServer((request, response) => app.#answer(request, response));
    app.#server.listen(0, "127.0.0.1");
    await once(app.#server, "listening");
    app.webhook = `http://127.0.0.1:${app.#server.address().port}/webhook`;
    return app;
  }

  /** Points the SDK at the gateway. */
  connect(gateway, numberId, { token, secret }) {
    Object.assign(this, { gateway, numberId, token });
    this.#secret = secret;
    overhear(token, this.seen);
    this.client = this.#sdk.connect({ gateway, token });
  }

  close() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Calls a verb of the SDK's module for the app's number. */
  send(verb, ...rest) {
    return this.#sdk[verb](this.client, this.numberId, ...rest);
  }

  /** What the SDK makes of a webhook: what it read, or null if its check refuses it. */
  receive(webhook) {
    return this.#sdk.receive(this.client, { ...webhook, secret: this.#secret });
  }

  /** The next update that matches and that nobody has taken yet. */
  expect(what, matches) {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        this.#waiting.delete(look);
        reject(new Error(`${what} did not reach the ${this.mode} app`));
      }, PATIENCE);
      const look = () => {
        const place = this.#updates.findIndex(matches);
        if (place < 0) return;
        clearTimeout(late);
        this.#waiting.delete(look);
        resolve(this.#updates.splice(place, 1)[0]);
      };
      this.#waiting.add(look);
      look();
    });
  }

  expectMessage(matches) {
    return this.expect("the message", (update) => update.kind === "message" && matches(update));
  }

  expectStatus(id, status) {
    return this.expect(`the status ${status}`, (update) => update.kind === "status" && update.id === id && update.status === status);
  }

  async #answer(request, response) {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const webhook = { method: request.method, headers: request.headers, rawBody: Buffer.concat(pieces) };
    this.seen.push(asOnWire([[":target", request.url], ...Object.entries(request.headers)], webhook.rawBody));
    const event = await this.receive(webhook);
    response.statusCode = event ? 200 : 401;
    response.end();
    if (!event) return;
    this.webhooks.push(webhook);
    this.#updates.push(...this.#sdk.tell(event));
    for (const look of [...this.#waiting]) look();
  }
}

/** Keeps every answer to a call with this token. The SDKs call the global `fetch`. */
function overhear(token, seen) {
  const { fetch } = globalThis;
  globalThis.fetch = async (input, init) => {
    const response = await fetch(input, init);
    const headers = new Headers(init?.headers ?? input.headers);
    if (headers.get("authorization") === `Bearer ${token}`) {
      seen.push(asOnWire(response.headers, Buffer.from(await response.clone().arrayBuffer())));
    }
    return response;
  };
}

function asOnWire(headers, body) {
  const fields = [...headers].map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`${fields.join("")}\r\n`), body]);
}

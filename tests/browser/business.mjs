// The business behind the emulator: takes its webhooks and remembers them.

import { once } from "node:events";
import { createServer } from "node:http";

const PATIENCE = 15_000;

export class Business {
  #server;
  #heard = [];
  #waiting = new Set();

  constructor(server) {
    this.#server = server;
    this.webhook = `http://127.0.0.1:${server.address().port}/webhook`;
  }

  static async open() {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const business = new Business(server);
    server.on("request", (request, response) => business.#answer(request, response));
    return business;
  }

  close() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  forget() {
    this.#heard = [];
  }

  /** The first change of `field`, heard or yet to come, about which `wanted` returns something. */
  hears(field, wanted) {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        this.#waiting.delete(look);
        reject(new Error(`the business heard nothing of that kind in ${field}`));
      }, PATIENCE);
      const look = () => {
        for (const change of this.#heard) {
          const found = change.field === field ? wanted(change.value) : undefined;
          if (found === undefined || found === false) continue;
          clearTimeout(late);
          this.#waiting.delete(look);
          resolve(found);
          return;
        }
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** The first message that `wanted` is true of. */
  hearsMessage(wanted) {
    return this.hears("messages", (value) => value.messages?.find(wanted));
  }

  async #answer(request, response) {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    response.end();
    const body = JSON.parse(Buffer.concat(pieces).toString() || "{}");
    this.#heard.push(...(body.entry ?? []).flatMap((entry) => entry.changes));
    for (const look of [...this.#waiting]) look();
  }
}

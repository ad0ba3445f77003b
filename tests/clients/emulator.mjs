// The emulator's control API, as far as the suites play people with it.

const PATIENCE = 20_000;

export class Emulator {
  #url;
  #fetch = globalThis.fetch;
  #inbound = [];

  constructor(url) {
    this.#url = url;
  }

  /** The person writes; the id Meta gives the message. */
  async write(person, message) {
    const { id } = await this.#call("inbound", { from: person.handle, ...message });
    this.#inbound.push(id);
    return id;
  }

  /** Tells every status at once and waits until every webhook is delivered. */
  async settle() {
    const { quiet } = await this.#call("deliveries/settle", { pending: true, bound_ms: PATIENCE });
    if (!quiet) throw new Error("the emulator did not come to rest");
  }

  /** The number of the last call so far. */
  async mark() {
    return Math.max(0, ...(await this.sent(0)).map((call) => call.n));
  }

  /** The calls of a messages edge that came after `since`. */
  async sent(since) {
    return (await this.#call(`sent?since=${since}`)).sent;
  }

  /** Every message id Meta has given, in both directions. */
  async wamids() {
    const outbound = (await this.sent(0)).flatMap((call) => call.id ?? []);
    return [...outbound, ...this.#inbound];
  }

  async #call(path, body) {
    const post = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const answer = await this.#fetch.call(globalThis, `${this.#url}/_emulator/${path}`, body && post);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path} was answered ${answer.status}: ${text}`);
    return JSON.parse(text);
  }
}

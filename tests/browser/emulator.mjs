// The emulator under test: the built binary, and the calls an app makes to it.

import { spawn } from "node:child_process";
import { once } from "node:events";

const TOKEN = "emulator-access-token";
const NUMBER = "106540352242922";
const PATIENCE = 30_000;

export class Emulator {
  #process;

  constructor(process, url) {
    this.#process = process;
    this.url = url;
  }

  /** Starts `binary` and waits until it says where its phones are. */
  static async start(binary, webhook) {
    const args = ["emulator", "--listen", "127.0.0.1:0", "--callback", webhook];
    const started = spawn(binary, args, { stdio: ["ignore", "pipe", "inherit"] });
    const url = await new Promise((resolve, reject) => {
      let said = "";
      const late = setTimeout(() => reject(new Error("the emulator did not open its doors")), PATIENCE);
      started.on("error", (error) => reject(new Error(`cannot start ${binary}: ${error.message}`)));
      started.on("exit", (code) => reject(new Error(`the emulator ended with ${code} before it was up`)));
      started.stdout.on("data", (piece) => {
        said += piece;
        const found = said.match(/(http:\/\/\S+)\/_phone\/\s/);
        if (!found) return;
        clearTimeout(late);
        resolve(found[1]);
      });
    });
    return new Emulator(started, url);
  }

  /** Asks it to end, as a service manager does. Returns its exit code, or null if it had to be killed. */
  async stop() {
    if (this.#process.exitCode !== null) return this.#process.exitCode;
    const late = setTimeout(() => this.#process.kill("SIGKILL"), PATIENCE);
    this.#process.kill("SIGTERM");
    await once(this.#process, "exit");
    clearTimeout(late);
    return this.#process.exitCode;
  }

  reset() {
    return this.#call("POST", "/_emulator/reset", {});
  }

  /** A call of the control API. */
  control(name, body) {
    return this.#call("POST", `/_emulator/${name}`, body);
  }

  /** What the emulator tells about itself. */
  async look(name) {
    const answer = await fetch(`${this.url}/_emulator/${name}`);
    return answer.json();
  }

  /** Sends a message as the business. Returns its id. */
  async send(to, message) {
    const answer = await this.#call("POST", `/v23.0/${NUMBER}/messages`, { messaging_product: "whatsapp", to, ...message });
    return answer.messages[0].id;
  }

  sendTemplate(to, name, ...values) {
    const parameters = values.map((text) => ({ type: "text", text }));
    const template = { name, language: { code: "en" }, components: [{ type: "body", parameters }] };
    return this.send(to, { type: "template", template });
  }

  markRead(id) {
    return this.#call("POST", `/v23.0/${NUMBER}/messages`, { messaging_product: "whatsapp", status: "read", message_id: id });
  }

  async #call(method, path, body) {
    const answer = await fetch(this.url + path, {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} was answered ${answer.status}: ${text}`);
    return text ? JSON.parse(text) : {};
  }
}

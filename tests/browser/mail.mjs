// The mail server beside the gateway: a real one, in Python.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("mail.py", import.meta.url));
const PYTHON = fileURLToPath(new URL("../../target/clients/venv/bin/python", import.meta.url));
const PATIENCE = 30_000;

export class Mail {
  #process;
  #lines;

  static async open(port, python = PYTHON) {
    const mail = new Mail();
    mail.#process = spawn(python, ["-B", PROGRAM, String(port)], { stdio: ["pipe", "pipe", "inherit"] });
    mail.#lines = createInterface({ input: mail.#process.stdout })[Symbol.asyncIterator]();
    await mail.#next("the mail server did not start");
    return mail;
  }

  /** The next message, come or yet to come. */
  next() {
    return this.#next("no mail came");
  }

  async close() {
    if (this.#process.exitCode !== null) return;
    this.#process.stdin.end();
    await once(this.#process, "exit");
  }

  async #next(late) {
    let timer;
    const patience = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(late)), PATIENCE);
    });
    try {
      const line = await Promise.race([this.#lines.next(), patience]);
      if (line.done) throw new Error("the mail server has ended");
      return JSON.parse(line.value);
    } finally {
      clearTimeout(timer);
    }
  }
}

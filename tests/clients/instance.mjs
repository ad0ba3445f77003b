// A gateway with its own emulator, started from the built binary, and its two apps.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { App } from "./app.mjs";
import { Emulator } from "./emulator.mjs";

const BINARY = fileURLToPath(new URL("../../target/debug/imvume", import.meta.url));
const PATIENCE = 60_000;
const MODES = ["real", "alias"];

export class Instance {
  #process;
  #folder;

  /** Starts one. Its apps speak to it through `sdk`. */
  static async start(sdk) {
    const instance = new Instance();
    instance.#folder = await mkdtemp(join(tmpdir(), "imvume-clients-"));
    const apps = await Promise.all(MODES.map((mode) => App.listen(mode, sdk)));
    instance.apps = Object.fromEntries(apps.map((app) => [app.mode, app]));
    const told = join(instance.#folder, "clients.json");
    const webhooks = apps.flatMap((app) => [`--${app.mode}-webhook`, app.webhook]);
    const options = ["demo", "--dir", join(instance.#folder, "data"), "--clients", told, ...webhooks];
    instance.#process = spawn(BINARY, options, { stdio: ["ignore", "ignore", "inherit"] });
    try {
      await instance.#open(told);
    } catch (error) {
      await instance.stop();
      throw error;
    }
    return instance;
  }

  /** Waits until the instance has written of its doors, and lets the apps through them. */
  async #open(told) {
    const deadline = Date.now() + PATIENCE;
    while (!existsSync(told)) {
      if (this.#process.exitCode !== null) throw new Error(`the instance ended with ${this.#process.exitCode}`);
      if (deadline < Date.now()) throw new Error("the instance did not open its doors");
      await pause(20);
    }
    const facts = JSON.parse(await readFile(told, "utf8"));
    this.gateway = `http://${facts.apps}`;
    this.numberId = facts.names.NUMBER_ID;
    this.accountId = facts.names.WABA_ID;
    this.people = facts.people;
    this.emulator = new Emulator(`http://${facts.emulator}`);
    for (const mode of MODES) this.apps[mode].connect(this.gateway, this.numberId, facts.clients[mode]);
  }

  async stop() {
    for (const app of Object.values(this.apps)) app.close();
    if (this.#process.exitCode === null) {
      const late = setTimeout(() => this.#process.kill("SIGKILL"), PATIENCE);
      this.#process.kill("SIGTERM");
      await once(this.#process, "exit");
      clearTimeout(late);
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

// The gateway under test, as `serve` opens it from a configuration file, and the calls of staff and of an app.

import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const NUMBER = "106540352242922";
const ACCOUNT = "102290129340398";
const PATIENCE = 60_000;

/** A port that nobody has just now. */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

export class Gateway {
  #process;
  #folder;
  #staff;
  #apps;
  #token;
  #appToken;

  /** Starts one whose people come at `port`, before the emulator, with a mail server beside it. */
  static async start(binary, { port, graph, mail }) {
    const gateway = new Gateway();
    gateway.site = `http://127.0.0.1:${port}`;
    gateway.#folder = await mkdtemp(join(tmpdir(), "imvume-people-"));
    const file = join(gateway.#folder, "imvume.toml");
    await writeFile(file, configuration({ port, graph, mail }), { mode: 0o600 });
    gateway.#process = spawn(binary, ["serve", "--config", file], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      await gateway.#open();
    } catch (error) {
      await gateway.stop();
      throw error;
    }
    return gateway;
  }

  async #open() {
    const said = await new Promise((resolve, reject) => {
      let said = "";
      const late = setTimeout(() => reject(new Error("the gateway did not open its doors")), PATIENCE);
      this.#process.on("error", reject);
      this.#process.on("exit", (code) => reject(new Error(`the gateway ended with ${code}`)));
      this.#process.stdout.on("data", (piece) => {
        said += piece;
        if (!/staff on \S+\n/.test(said)) return;
        clearTimeout(late);
        resolve(said);
      });
    });
    this.#token = said.match(/token.*: (imvume_\S+)/)[1];
    this.#apps = said.match(/apps on (http:[^\s,]+)/)[1];
    this.#staff = said.match(/staff on (http:\S+)/)[1];
    const app = await this.staff("POST", "/apps", { name: "shop", identity: "real" });
    const scopes = ["send", "read"];
    const issued = await this.staff("POST", `/apps/${app.id}/tokens`, { name: "test", scopes, expires_in_days: 1 });
    this.#appToken = issued.token;
  }

  /** A call of the admin API that must succeed. */
  async staff(method, path, body) {
    const answer = await this.#call(this.#staff + "/api/v1" + path, this.#token, method, body);
    if (!answer.ok) throw new Error(`${method} ${path} was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** A message of the app's. Returns what it was answered. */
  send(to, message) {
    const body = { messaging_product: "whatsapp", to, ...message };
    return this.#call(`${this.#apps}/v23.0/${NUMBER}/messages`, this.#appToken, "POST", body);
  }

  /** A promotion. */
  promote(to, name) {
    const parameters = [name, "20%"].map((text) => ({ type: "text", text }));
    const template = { name: "spring_sale", language: { code: "en" }, components: [{ type: "body", parameters }] };
    return this.send(to, { type: "template", template });
  }

  async #call(url, token, method, body) {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const answer = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    return { ok: answer.ok, status: answer.status, body: text ? JSON.parse(text) : null };
  }

  async stop() {
    if (this.#process.exitCode === null) {
      const late = setTimeout(() => this.#process.kill("SIGKILL"), PATIENCE);
      this.#process.kill("SIGTERM");
      await once(this.#process, "exit");
      clearTimeout(late);
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function configuration({ port, graph, mail }) {
  return `[instance]
directory = "data"
organisation = "Kaapse Koffie"
country = "ZA"
log_name = "kaapsekoffie.example/log"

[listen]
public = "127.0.0.1:${port}"
apps = "127.0.0.1:0"
staff = "127.0.0.1:0"

[meta]
graph_url = "${graph}"
app_secret = "emulator-app-secret"
verify_token = "emulator-verify-token"

[[number]]
phone_number_id = "${NUMBER}"
waba_id = "${ACCOUNT}"
display = "+27 21 555 0100"
verified_name = "Kaapse Koffie"
access_token = "emulator-access-token"

[egress]
allow_private = ["127.0.0.1"]

[portal]
time_zone = "Africa/Johannesburg"

[[form]]
code = "news"
purposes = ["marketing"]
routes = ["email"]

[mail]
host = "127.0.0.1"
port = ${mail}
security = "plain"
from = "Kaapse Koffie <news@kaapsekoffie.example>"

[trace]
level = "warn"
`;
}

// The browser, and what every page owes: no errors, no foreign requests, a strict policy.

import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const require = createRequire(new URL("../clients/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const axe = require("axe-core");

export const PROGRAM = "/usr/bin/chromium";
export const PATIENCE = 15_000;
export const ARGUMENTS = [
  "--no-sandbox",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-gpu",
  "--disable-quic",
  "--disable-sync",
  "--no-first-run",
];
export const POLICY = ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"];

export class Browser {
  #context;
  #folder;
  #page;
  #complaints = [];

  static async open(origin) {
    const browser = new Browser();
    browser.origin = origin;
    browser.phone = `${origin}/_phone/`;
    browser.#folder = await mkdtemp(join(tmpdir(), "imvume-browser-"));
    browser.#context = await chromium.launchPersistentContext(browser.#folder, {
      executablePath: PROGRAM,
      args: ARGUMENTS,
      headless: true,
      locale: "en-ZA",
      reducedMotion: "reduce",
    });
    browser.#context.setDefaultTimeout(PATIENCE);
    return browser;
  }

  async close() {
    await this.#context.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** A fresh phone page, 1280 pixels wide and light. */
  async page() {
    await this.#page?.close();
    this.#complaints = [];
    const page = await this.#context.newPage();
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.#complain(`the console says: ${message.text()}`);
    });
    page.on("pageerror", (error) => this.#complain(`the script failed: ${error.message}`));
    page.on("request", (request) => {
      const { origin, protocol } = new URL(request.url());
      if (origin !== this.origin && protocol !== "data:") this.#complain(`the page asked another origin: ${origin}`);
    });
    page.on("response", (response) => this.#checkPolicy(response));
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.emulateMedia({ colorScheme: "light" });
    await page.goto(this.phone);
    await page.locator("#people-list button").first().waitFor();
    this.#page = page;
    return page;
  }

  /** Fails if the page of this case did something no page should. */
  checkManners() {
    if (this.#complaints.length) throw new Error(this.#complaints.join("; "));
  }

  complaints() {
    return this.#complaints;
  }

  /** From here on the page may complain: what comes is meant to go wrong. */
  excuse() {
    this.#complaints = Object.freeze([]);
  }

  /** Fails if the accessibility checker finds something on the page as it stands. */
  async checkAccess(page, place) {
    await page.evaluate(axe.source);
    const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
    const lines = found.violations.map((one) => `${one.id} at ${one.nodes.map((node) => node.target.join(" ")).join(", ")}`);
    if (lines.length) throw new Error(`${place}: ${lines.join("; ")}`);
  }

  #checkPolicy(response) {
    const { origin, pathname } = new URL(response.url());
    if (origin !== this.origin || !/^\/_phone\/([a-z]+\.[a-z]+)?$/.test(pathname)) return;
    const policy = response.headers()["content-security-policy"] ?? "";
    const missing = POLICY.filter((rule) => !policy.includes(rule));
    if (missing.length) this.#complain(`${pathname} came without ${missing.join(", ")} in its policy`);
    if (policy.includes("unsafe")) this.#complain(`the policy of ${pathname} is lax`);
  }

  #complain(line) {
    if (!Object.isFrozen(this.#complaints)) this.#complaints.push(line);
  }
}

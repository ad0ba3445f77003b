// A person's browser on the pages: fresh each time, with an eye on what no page should do.

import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

import { ARGUMENTS, PATIENCE, POLICY, PROGRAM } from "./browser.mjs";

const require = createRequire(new URL("../clients/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const axe = require("axe-core");

const LAYOUTS = [
  [360, "light"],
  [360, "dark"],
  [1280, "light"],
  [1280, "dark"],
];

export class Visitors {
  #browser;

  static async open(site, shots) {
    const visitors = new Visitors();
    visitors.#browser = await chromium.launch({ executablePath: PROGRAM, args: ARGUMENTS });
    visitors.site = site;
    visitors.shots = shots;
    return visitors;
  }

  /** Somebody who has never been here. */
  async visitor(options = {}) {
    const context = await this.#browser.newContext({ locale: "en-ZA", reducedMotion: "reduce", ...options });
    context.setDefaultTimeout(PATIENCE);
    return new Visitor(this, context, await context.newPage());
  }

  close() {
    return this.#browser.close();
  }
}

class Visitor {
  #complaints = [];
  #context;
  #visitors;

  constructor(visitors, context, page) {
    this.#visitors = visitors;
    this.#context = context;
    this.page = page;
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.#complaints.push(`the console says: ${message.text()}`);
    });
    page.on("pageerror", (error) => this.#complaints.push(`the script failed: ${error.message}`));
    page.on("request", (request) => {
      const { origin, protocol } = new URL(request.url());
      if (request.isNavigationRequest()) return;
      if (page.url().startsWith(visitors.site) && origin !== visitors.site && protocol !== "data:") {
        this.#complaints.push(`the page asked another origin: ${origin}`);
      }
    });
    page.on("response", (response) => {
      if (!response.url().startsWith(visitors.site)) return;
      const policy = response.headers()["content-security-policy"] ?? "";
      const document = response.headers()["content-type"]?.startsWith("text/html");
      const missing = POLICY.filter((rule) => document && !policy.includes(rule));
      if (missing.length) this.#complaints.push(`a page came without ${missing.join(", ")} in its policy`);
      if (policy.includes("unsafe")) this.#complaints.push("a policy is lax");
    });
  }

  /** Fails if a page did something no page should. */
  async leave() {
    await this.#context.close();
    if (this.#complaints.length) throw new Error(this.#complaints.slice(0, 3).join("; "));
  }

  /** The page in every layout: a picture if wanted, nothing sideways, nothing for the accessibility checker. */
  async inspect(name) {
    for (const [width, scheme] of LAYOUTS) {
      await this.page.setViewportSize({ width, height: width < 500 ? 740 : 800 });
      await this.page.emulateMedia({ colorScheme: scheme });
      const { shots } = this.#visitors;
      if (shots) {
        await mkdir(shots, { recursive: true });
        await this.page.screenshot({ path: join(shots, `${name}-${width}-${scheme}.png`), fullPage: true });
      }
      const sideways = await this.page.evaluate(() => document.documentElement.clientWidth < document.documentElement.scrollWidth);
      if (sideways) throw new Error(`${name} scrolls sideways at ${width} pixels`);
      await this.page.evaluate(axe.source);
      const found = await this.page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
      const lines = found.violations.map((one) => `${one.id} at ${one.nodes.map((node) => node.target.join(" ")).join(", ")}`);
      if (lines.length) throw new Error(`${name}, ${width} pixels, ${scheme}: ${lines.join("; ")}`);
    }
  }

  /** Waits until the page says `text`. */
  async reads(text) {
    try {
      await this.page.getByText(text).first().waitFor();
    } catch {
      const found = (await this.page.locator("main").innerText()).replace(/\s+/g, " ").slice(0, 300);
      throw new Error(`expected “${text}”, found “${found}”`);
    }
  }

  /** Presses Tab until what has the focus is named `wanted`. */
  async tabTo(wanted) {
    const passed = [];
    for (let count = 0; count < 40; count += 1) {
      await this.page.keyboard.press("Tab");
      const name = await this.page.evaluate(() => {
        const at = document.activeElement;
        return (at.getAttribute("aria-label") ?? at.labels?.[0]?.textContent ?? at.textContent).trim().replace(/\s+/g, " ");
      });
      if (wanted.test(name)) return;
      passed.push(name);
    }
    throw new Error(`Tab does not lead to ${wanted}, but to ${[...new Set(passed)].join(", ")}`);
  }
}

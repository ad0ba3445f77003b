// docs/clients.md shows nothing but what the suites run.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

const SHOWN = {
  "@great-detail/whatsapp (npm)": "sdks/great-detail.mjs",
  "@kapso/whatsapp-cloud-api (npm)": "sdks/kapso.mjs",
  "Alias mode": "sdks/aliases.mjs",
  "pywa (PyPI)": "sdks/with_pywa.py",
};

const page = read("../../docs/clients.md");

describe("docs/clients.md", () => {
  for (const [title, file] of Object.entries(SHOWN)) {
    test(`shows under “${title}” what stands in ${file}`, () => {
      const code = fences(sectionOf(title));
      assert.notEqual(code.length, 0, "the section shows no code");
      for (const text of code) assert.ok(`\n${read(file)}`.includes(`\n${text}`), `not in ${file}:\n${text}`);
    });
  }

  test("shows code in no other section", () => {
    const known = Object.keys(SHOWN).flatMap((title) => fences(sectionOf(title)));
    assert.deepEqual(fences(page).toSorted(), known.toSorted());
  });

  test("names the versions that the suites run", () => {
    const { dependencies } = JSON.parse(read("package.json"));
    const pywa = read("requirements.txt").match(/^pywa==(.*)$/m)[1];
    const wanted = [`pywa ${pywa}`, ...["@kapso/whatsapp-cloud-api", "@great-detail/whatsapp"].map((name) => `${name} ${dependencies[name]}`)];
    for (const name of wanted) assert.ok(page.includes(name), `the page does not name ${name}`);
  });
});

function read(path) {
  return readFileSync(new URL(path, import.meta.url), "utf8");
}

/** The text under a heading, up to the next one of its level. */
function sectionOf(title) {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${title}\n`));
  assert.ok(section, `the page has no section “${title}”`);
  return section;
}

/** The code in a text, block by block. */
function fences(text) {
  return [...text.matchAll(/^```\w+\n(.*?)^```$/gms)].map(([, code]) => code);
}

// Bundles firestore.js into ../page/vendor/firestore.js, minified, and writes LICENSES.txt beside
// it: of every package that is in the bundle its version, where it comes from and its licence.
import { readFile, readdir, writeFile } from "node:fs/promises";
import { build } from "esbuild";

const VENDOR = new URL("../page/vendor/", import.meta.url);
const BANNER = `// The part of the Firebase JS SDK (Apache-2.0) that the studio uses, bundled and not otherwise
// changed by infra/local/studio/sdk. Versions and licences: LICENSES.txt.`;

const { metafile, outputFiles } = await build({
  entryPoints: ["firestore.js"],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  legalComments: "none", // LICENSES.txt has them
  banner: { js: BANNER },
  metafile: true,
  outfile: "firestore.js",
  write: false,
});
await writeFile(new URL("firestore.js", VENDOR), outputFiles[0].contents);

const inputs = Object.entries(Object.values(metafile.outputs)[0].inputs);
const names = new Set();
for (const [file, { bytesInOutput }] of inputs) {
  const [, name] = file.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//) ?? [];
  if (name && bytesInOutput > 0) names.add(name);
}

const parts = [];
for (const name of [...names].sort()) {
  const folder = new URL(`node_modules/${name}/`, import.meta.url);
  const about = JSON.parse(await readFile(new URL("package.json", folder)));
  const source = (about.repository?.url ?? about.repository).replace(/^git\+|\.git$/g, "");
  const own = (await readdir(folder)).find((file) => /^licen[cs]e/i.test(file));
  const text = own ? await readFile(new URL(own, folder), "utf8") : null;
  parts.push({ title: `${about.name} ${about.version}  ${about.license}  ${source}`, text });
}
const apache = await readFile(new URL("APACHE-2.0.txt", import.meta.url), "utf8");
const page = [
  "firestore.js holds code of these packages:\n",
  ...parts.map(({ title }) => `  ${title}`),
  "\nThose of Google LLC (@firebase) are under the Apache License 2.0, the last text below. Copyright 2017-2026 Google LLC.",
  "@firebase/webchannel-wrapper holds parts of the Closure Library, under the same license: Copyright The Closure Library Authors.",
  ...parts.filter(({ text }) => text).map(({ title, text }) => `\n---- ${title}\n\n${text.trim()}`),
  `\n---- Apache License 2.0\n\n${apache.trim()}\n`,
];
await writeFile(new URL("LICENSES.txt", VENDOR), page.join("\n"));
console.log(`firestore.js: ${outputFiles[0].contents.length} bytes of ${parts.length} packages`);

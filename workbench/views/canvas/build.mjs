// Writes ../graph_canvas.bundle.js and .css, and the licences of what is in them.

import { createHash } from "node:crypto"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { build } from "esbuild"

const SOURCE = /\.(jsx?|css)$/
const OUT = "../graph_canvas"

// A test compares this with the sources, so that no old bundle is shipped.
const hash = createHash("sha256")
for (const name of readdirSync(".").filter(name => SOURCE.test(name)).sort()) {
  hash.update(readFileSync(name))
}

await build({
  entryPoints: ["index.js"], bundle: true, format: "esm", minify: true, jsx: "transform",
  legalComments: "none", define: { "process.env.NODE_ENV": '"production"' },
  banner: { js: `// sources: ${hash.digest("hex")}` }, outfile: `${OUT}.bundle.js`,
})

const inside = Object.keys(JSON.parse(readFileSync("package-lock.json")).packages)
  .filter(path => path && !/esbuild|@types/.test(path)).sort()
const licences = inside.map(path => {
  const { name, version, license } = JSON.parse(readFileSync(`${path}/package.json`))
  const file = readdirSync(path).find(entry => /^licen[cs]e/i.test(entry))
  const text = file ? readFileSync(`${path}/${file}`, "utf8").trim() : license
  return `${name} ${version} (${license})\n\n${text}\n`
})
writeFileSync(`${OUT}.licences.txt`, licences.join(`\n${"-".repeat(72)}\n\n`))

// Examples against their schemas, by Ajv: schemas and golden examples of the same name from two folders, a line of JSON per finding.
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

const [schemas, examples] = process.argv.slice(2);
const json = async (...path) => JSON.parse(await readFile(join(...path), "utf8"));
const ajv = new Ajv2020({ strict: true, allErrors: true, keywords: ["x-event", "x-unit", "x-codes"], allowUnionTypes: true });
addFormats(ajv);

let checked = 0;
for (const name of (await readdir(schemas)).sort()) {
  const schema = await json(schemas, name);
  const valid = ajv.compile(schema);
  for (const [which, example] of Object.entries(await json(examples, name))) {
    checked += 1;
    if (!valid(example)) console.log(JSON.stringify({ name, which, errors: ajv.errorsText(valid.errors) }));
  }
}
console.log(JSON.stringify({ checked }));

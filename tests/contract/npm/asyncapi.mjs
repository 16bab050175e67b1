// The AsyncAPI initiative's own parser over a document: a line of JSON per finding.
import { readFile } from "node:fs/promises";
import { Parser } from "@asyncapi/parser";

const { document, diagnostics } = await new Parser().parse(await readFile(process.argv[2], "utf8"));
for (const { code, message, path, severity } of diagnostics) console.log(JSON.stringify({ code, message, path: path.join("."), severity }));
if (!document) process.exitCode = 1;

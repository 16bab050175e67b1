// An OpenAPI document against the OpenAPI Initiative's own JSON Schema (swagger-parser) and by Redocly's rules for the
// specification: a line of JSON per finding.
import SwaggerParser from "@apidevtools/swagger-parser";
import { createConfig, lint } from "@redocly/openapi-core";

const file = process.argv[2];
try {
  await SwaggerParser.validate(file);
} catch (error) {
  console.log(JSON.stringify({ code: "schema", message: error.message }));
  process.exitCode = 1;
}
const config = await createConfig({ extends: ["spec"] });
for (const { ruleId, message, location } of await lint({ ref: file, config })) {
  console.log(JSON.stringify({ code: ruleId, message, path: location[0]?.pointer }));
  process.exitCode = 1;
}

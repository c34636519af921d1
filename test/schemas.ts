import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

export type Answer =
  | 'report'
  | 'list'
  | 'show'
  | 'history'
  | 'undo'
  | 'explain'
  | 'verify'
  | 'lint'
  | 'others'
  | 'diff'
  | 'merge'
  | 'template'
  | 'unredact';

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
for (const name of ['report', 'answers'])
  ajv.addSchema(closed(JSON.parse(readFileSync(`docs/${name}.schema.json`, 'utf8'))) as object);

/** The published schema of an answer, made strict: here a field that it does not describe is an error. */
export function validatorOf(answer: Answer): ValidateFunction {
  const found = ajv.getSchema(answer === 'report' ? 'report.schema.json' : `answers.schema.json#/$defs/${answer}`);
  if (found === undefined) throw new Error(`no schema for ${answer}`);
  return found as ValidateFunction;
}

/** Every object with described fields has no others. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return inner.properties !== undefined && inner.type === 'object' && inner.additionalProperties === undefined
    ? { ...inner, additionalProperties: false }
    : inner;
}

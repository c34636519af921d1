import { csvFields } from '../../buildkit/dockerfile/mount.ts';
import { Mistake } from '../../buildkit/dockerfile/refused.ts';
import type { Files } from '../model/context.ts';
import type { Finding } from '../model/finding.ts';
import type { Asked, BuildRequest } from '../model/request.ts';
import { placeOf } from '../model/request.ts';
import { secretUnreachable } from './unreadable.ts';

/** A secret that a command gives. */
export interface Secret {
  /** Null where it is only known when the script runs. */
  readonly id: string | null;
  readonly file: string | null;
  readonly asked: Asked;
}

/** The file of a secret that is given by its id alone; null where it may be a variable of that name. */
const byItself = (id: string): string | null => (/^[A-Z_][A-Z0-9_]*$/.test(id) ? null : id);

export function secretsOf(request: BuildRequest): readonly Secret[] {
  return request.secrets.map((asked) => {
    const fields = new Map(fieldsOf(asked));
    // One that the client refuses is told by itself.
    return {
      id: asked.known ? (fields.get('id') ?? null) : null,
      file: fields.get('src') ?? fields.get('source') ?? fileByItself(asked, fields),
      asked,
    };
  });
}

/** A secret that is named by its id alone is a file of that name. */
const fileByItself = ({ known }: Asked, fields: ReadonlyMap<string, string>): string | null =>
  known && !fields.has('env') && fields.get('type') !== 'env' ? byItself(fields.get('id') ?? '') : null;

function fieldsOf({ value }: Asked): readonly (readonly [key: string, value: string])[] {
  try {
    return csvFields(value, 'secret').map((field) => {
      const sign = field.indexOf('=');
      return sign < 0 ? [field.toLowerCase(), ''] : [field.slice(0, sign).toLowerCase(), field.slice(sign + 1)];
    });
  } catch (error) {
    if (error instanceof Mistake) return [];
    throw error;
  }
}

const KEYS = ['id', 'src', 'source', 'env', 'type'];

/** Secrets that the client cannot give as they are written. */
export function secretFindings(request: BuildRequest, files: Files | null): readonly Finding[] {
  return request.secrets.flatMap((asked): readonly Finding[] => {
    if (!asked.known) return [];
    const invalid = (message: string, remedy: string): Finding => ({
      ...placeOf(asked),
      condition: 'build.secret-invalid',
      severity: 'error',
      message,
      needs: { flag: '--secret id=NAME,src=FILE' },
      remedy: [remedy],
    });
    const fields = fieldsOf(asked);
    const stray = fields.find(
      ([key, value]) => !KEYS.includes(key) || (value === '' && !asked.value.includes(`${key}=`)),
    );
    if (stray !== undefined)
      return [
        invalid(
          `--secret ${asked.value} has the unknown field ${stray[0]}: the client ends with "unexpected key '${stray[0]}'".`,
          'Write --secret id=NAME,src=FILE or --secret id=NAME,env=VARIABLE.',
        ),
      ];
    const given = new Map(fields);
    const type = given.get('type') ?? '';
    if (type !== '' && type !== 'file' && type !== 'env')
      return [
        invalid(
          `--secret ${asked.value}: there is no type ${type} of a secret.`,
          'Write type=file or type=env, or leave it out.',
        ),
      ];
    const id = given.get('id') ?? '';
    if (id === '')
      return [
        invalid(
          `--secret ${asked.value} names no id: the client ends with "secret missing ID".`,
          'Write --secret id=NAME,src=FILE or --secret id=NAME,env=VARIABLE.',
        ),
      ];
    const file = given.get('src') ?? given.get('source') ?? (type !== 'env' && !given.has('env') ? byItself(id) : null);
    if (type === 'env' || file === null || file === '' || files === null || request.environment.has(id)) return [];
    const kind = files.kind(file);
    if (kind === 'directory')
      return [
        invalid(
          `${file} of the secret ${id} is a directory: a step that reads it ends the build with "is a directory".`,
          'Name the file that holds the secret.',
        ),
      ];
    if (kind !== null) return secretUnreachable(asked, file, files);
    return [
      invalid(
        `The file ${file} of the secret ${given.get('id') ?? file} does not exist: the client ends with "failed to stat ${file}".`,
        `Create ${file}, or name the file that holds the secret.`,
      ),
    ];
  });
}

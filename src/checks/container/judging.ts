import type { Described } from '../../documents/subject.ts';
import type { Place, Span } from '../../documents/tree.ts';
import type { Condition, Position, Severity } from '../../model/decide.ts';
import { type Findings, findings } from '../findings.ts';

/** What was seen of a container: enough to find it again and to say what to do. */
export interface ContainerEvidence {
  /** Which remedy it calls for. */
  readonly what: string;
  /** The path of the container; null where it is about none. */
  readonly container: string | null;
  /** Values that the message names. */
  readonly values: { readonly [name: string]: string };
}

/** The findings of one document, added by place. */
export interface Judging {
  readonly document: Described;
  readonly found: Findings<ContainerEvidence>;
  say(
    condition: Condition,
    severity: Severity,
    at: Place,
    message: string,
    what: string,
    more?: { readonly container?: Place | null; readonly values?: ContainerEvidence['values'] },
  ): void;
}

export function judging(document: Described): Judging {
  const found = findings<ContainerEvidence>();
  const position = (span: Span): Position => document.lines.position(document.path, span);
  return {
    document,
    found,
    say(condition, severity, at, message, what, { container = null, values = {} } = {}) {
      const subject = at.path === '' ? document.path : at.path;
      const evidence = { what, container: container?.path ?? null, values };
      const [line, column] = [position(at.span).line, position(at.span).column];
      const again = found.problems.some(
        (one) =>
          one.condition === condition && one.at?.line === line && one.at.column === column && one.message === message,
      );
      if (!again) found.add(condition, severity, subject, message, evidence, position(at.span));
    },
  };
}

/** What is not certain is a warning. */
export const unless = (unsure: boolean, severity: Severity): Severity =>
  unsure && severity === 'error' ? 'warning' : severity;

/** A change that is not made, with one sentence saying why. Nothing was changed when it is thrown. */
export class Refused extends Error {
  /** What stands in the way. */
  readonly paths: readonly string[];
  constructor(message: string, paths: readonly string[] = []) {
    super(message);
    this.name = 'Refused';
    this.paths = paths;
  }
}

/** Another run holds the lock. */
export class Busy extends Error {
  readonly pid: number | null;
  constructor(pid: number | null) {
    super(
      `another bk-doctor${pid === null ? '' : ` (process ${pid})`} is changing this host: wait until it has finished`,
    );
    this.name = 'Busy';
    this.pid = pid;
  }
}

/** An id that names neither a run nor a transaction of this journal. */
export class NoSuchTransaction extends Error {
  readonly known: readonly string[];
  constructor(id: string, known: readonly string[]) {
    super(`there is no run or transaction "${id}" in the journal`);
    this.name = 'NoSuchTransaction';
    this.known = known;
  }
}

/** Thrown when a change cannot be made so that the text means exactly that change; nothing is to be written then. */
export class TomlEditRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TomlEditRefused';
  }
}

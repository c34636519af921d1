/** Programs that take a password after a short flag, which means something else to others: up to it, and after it. */
const LOGINS: readonly (readonly [program: string, flag: string])[] = [
  ['login', '-p(?:=|GAP)?'],
  ['sshpass', '-p(?:GAP)?'],
  // What stands apart from the flag is a database.
  [String.raw`(?:mysql|mariadb)\w{0,12}`, '-p'],
  ['redis-cli', '-a(?:GAP)?'],
  [String.raw`ldap\w{1,12}`, '-w(?:GAP)?'],
  ['(?:7z[ar]?|rar|unrar)', '-p'],
  ['(?:zip|unzip|zipcloak)', '-P(?:GAP)?'],
  ['openssl', '-pass(?:in|out)?GAP(?:pass:)?'],
  ['(?:smbclient|rpcclient|net)', String.raw`-U(?:GAP)?[^\s%]{1,80}%`],
  ['(?:curl|http|https)', '(?:-b|--cookie)(?:GAP|=)'],
  [String.raw`mosquitto_\w{1,8}`, '-PGAP'],
];

/** `gap`: what stands between two words. */
function patternsWith(gap: string, word: string): readonly RegExp[] {
  return LOGINS.map(
    ([program, flag]) =>
      new RegExp(
        `((?<![\\w-])${program}(?=${gap})(?:(?![\\n|;&])[\\s\\S]){0,200}?${gap}${flag.replaceAll('GAP', gap)})(?![-$])(${word})`,
        'g',
      ),
  );
}

/** Also between the words of a list. */
const IN_TEXT = patternsWith(
  String.raw`(?:[ \t]{1,8}|["'][ \t]{0,4},[ \t]{0,4}["'])`,
  String.raw`"[^"\n]+"|'[^'\n]+'|[^\s"'|;&]+`,
);
const IN_WORDS = patternsWith('\\0', '[^\\0]+');

/** The passwords of commands in a text, or in words with a zero between them. */
export function maskCommands(text: string, hide: (secret: string) => string): string {
  let shown = text;
  for (const pattern of text.includes('\0') ? IN_WORDS : IN_TEXT)
    shown = shown.replace(pattern, (whole, before: string, secret: string) => {
      const bare = secret.replace(/^(["'])(.*)\1$/s, '$2');
      return /^(?:\*{3}|[\w.]{0,40}:\*{3}|file:.*|env:.*|stdin|fd:\d+|\/.*)$/s.test(bare)
        ? whole
        : `${before}${hide(bare)}`;
    });
  return shown;
}

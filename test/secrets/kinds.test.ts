import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { maskText } from '../../src/secrets/text.ts';

/** The same values in every run, and as random as any. */
let state = 20_260_101;
function random(below: number): number {
  state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
  return Math.floor((state / 0x80000000) * below);
}
const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const word = (length: number, letters = ALPHANUMERIC): string =>
  Array.from({ length }, () => letters[random(letters.length)]).join('');
const HEX = '0123456789abcdef';
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** A text with a secret in it, and the secret. */
type Kind = () => readonly [text: string, secret: string];
const around = (before: string, secret: string, after = ''): readonly [string, string] => [
  `${before}${secret}${after}`,
  secret,
];

const KINDS: { readonly [name: string]: Kind } = {
  'a URL': () => around('Get "https://me:', word(9), '@mirror.corp.example/v2/": EOF'),
  'a URL without a name': () => around('clone https://', word(20), '@git.corp.example/x.git'),
  'an address without a scheme': () => around('dial me:', word(8), '@10.1.2.3:3128: i/o timeout'),
  'a host name without a scheme': () => around('proxy me:', word(8), '@proxy.corp.example:3128'),
  'an encoded password': () => around('http://me:', `${word(5)}%40${word(5)}`, '@p.example'),
  'a query': () => around('Get "https://x.example/v2/?service=r&access_token=', word(24), '&scope=pull": EOF'),
  'a signature in a query': () =>
    around('https://x.s3.example/a?X-Amz-Expires=60&X-Amz-Signature=', word(64, HEX), '&x=1'),
  'a shared signature': () => around('https://x.blob.example/c?sv=2022&sig=', `${word(40)}%3D`, '&se=1'),
  'a key in a query': () => around('https://maps.example/x?key=', word(20), ''),
  bearer: () => around('Authorization: Bearer ', word(24)),
  'a short bearer': () => around('sent "Bearer ', `${word(4)}7${word(3)}`, '"'),
  basic: () => around('Proxy-Authorization: Basic ', base64(`me:${word(8)}`)),
  'a pair in base64': () => around('sent ', base64(`deploy:${word(10)}`), ' to it'),
  'another header': () => around('X-Registry-Auth: ', word(30)),
  'a cookie': () => around('Cookie: session=', word(20), '; path=/'),
  'an API key': () => around('x-api-key: ', word(16)),
  'auth of Docker': () => around('{"auths":{"r.example":{"auth":"', base64(`me:${word(9)}`), '"}}}'),
  'JSON in JSON': () => around('msg="{\\"identitytoken\\":\\"', word(18), '\\",\\"x\\":1}"'),
  'JSON in JSON in JSON': () => around('{\\\\\\"password\\\\\\":\\\\\\"', word(18), '\\\\\\"}'),
  'Go quotes': () => around('error: invalid value "password=', word(9), '\\n" for flag'),
  'an assignment': () => around('REGISTRY_PASSWORD=', word(7)),
  'an assignment with odd characters': () => around("DB_PASSWORD='", `${word(3)};(a,b}${word(3)}`, "' run"),
  'an assignment without quotes': () => around('export DB_PASSWORD=', `${word(3)};a,b)${word(3)}`, ' && run'),
  'a variable with _KEY': () => around('SIGNING_KEY=', word(12), ' x'),
  'YAML of plain words': () => around('  password: ', 'swordfish', '\n  host: x'),
  'a name and a value': () => around('- name: DB_PASSWORD\n  value: ', `"${word(6)} ${word(4)}"`, '\n'),
  'a name and a value in JSON': () => around('{"name":"API_TOKEN","value":"', word(9), '"}'),
  'a flag': () => around('buildctl --registry-password ', word(8), ' --debug'),
  'a build argument': () => around('--build-arg NPM_TOKEN=', word(12), ' .'),
  'docker login': () => around('docker login -u me -p ', word(9), ' r.example'),
  'echo into a login': () => around('RUN echo ', word(9), ' | docker login --password-stdin r.example'),
  curl: () => around('curl -fsSL -u me:', word(9), ' https://x.example'),
  netrc: () => around('machine x.example login me password ', word(9)),
  'ENV of a Dockerfile': () => around('ENV SECRET_WORD ', `${word(4)} ${word(5)}`),
  npmrc: () => around('//registry.npm.example/:_authToken=', word(36)),
  'auth of npm': () => around('_auth=', base64(`me:${word(9)}`)),
  GitHub: () => around('remote: ', `ghp_${word(36)}`),
  'fine-grained GitHub': () => around('remote: ', `github_pat_${word(22)}_${word(59)}`),
  GitLab: () => around('x ', `glpat-${word(20)}`),
  'a runner of GitLab': () => around('x ', `glrt-${word(20)}`),
  AWS: () => around('key AKIA', word(16, UPPER)),
  "AWS's other half": () =>
    around('credentials (', `${word(3)}7${word(32, `${ALPHANUMERIC}/+`)}4${word(3)}`, ') do not match'),
  Google: () => around('key AIza', word(35)),
  'a token of Google': () => around('ya29.', word(60)),
  Slack: () => around('xoxb-', `${word(12, '0123456789')}-${word(24)}`),
  'a hook of Slack': () =>
    around('https://hooks.slack.com/services/', `T${word(8, UPPER)}/B${word(8, UPPER)}/${word(24)}`),
  npm: () => around('npm_', word(36)),
  PyPI: () => around('pypi-', `AgEIcHlwaS5vcmc${word(60)}`),
  'a hub token': () => around('dckr_pat_', word(27)),
  Stripe: () => around('sk_live_', word(24)),
  Vault: () => around('hvs.', word(24)),
  'a web token': () =>
    around('', `eyJhbGciOiJIUzI1NiJ9.${base64(`{"sub":"${word(9)}"}`).replace(/=/g, '')}.${word(43)}`),
  'a token that was cut off': () => around('token ghp_', word(14), '…'),
  'a private key': () => around('-----BEGIN RSA PRIVATE KEY-----\n', word(64), '\n-----END RSA PRIVATE KEY-----'),
  'a private key in JSON': () =>
    around('"private_key": "-----BEGIN PRIVATE KEY-----\\n', word(64), '\\n-----END PRIVATE KEY-----\\n"'),
  'a line of a private key': () => around('line 7: ', word(64, `${ALPHANUMERIC}+/`)),
  'percent signs': () => around('redirect=https%3A%2F%2Fme%3A', word(9), '%40x.example%2F'),
  'an assignment in base64': () => around('data: ', base64(`{"password":"${word(9)}"}`)),
  'an assignment in hexadecimal': () => around('data ', Buffer.from(`password=${word(9)}`).toString('hex')),
  'a signed request of AWS': () =>
    around('Authorization: AWS4-HMAC-SHA256 Credential=x/s3, SignedHeaders=host, Signature=', word(64, HEX)),
  digest: () => around('Authorization: Digest username="u", realm="r", response="', word(32, HEX), '"'),
  'another scheme': () => around('Authorization: SharedKey ', `x:${word(4)}7${word(38)}=`),
  'the second cookie': () => around('Cookie: a=1; b=', word(12)),
  'a sentence': () => around('the password is ', `${word(4)}a7B${word(2)}`, ' now'),
  'a phrase in quotes': () => around("the passphrase '", `${word(5)} ${word(6)}`, "' is wrong"),
  'a hook of Office': () =>
    around(
      'https://x.webhook.office.com/webhookb2/',
      `${word(8, HEX)}@${word(8, HEX)}/IncomingWebhook/${word(32, HEX)}`,
      '/x',
    ),
  'an address of Java': () => around('jdbc:sqlserver://h:1;user=sa;password=', `${word(4)}!${word(4)}`, ';x=1'),
  'a structure of Go': () => around('&{Username:u Password:', word(8), ' ServerAddress:r}'),
  'headers of Go': () => around('map[Authorization:[Bearer ', word(24), '] X-Api-Key:[x]]'),
  sshpass: () => around('sshpass -p ', word(9), ' ssh h'),
  'a password that a flag is one word with': () => around('mysql -uroot -p', word(9), ' -e 1'),
  'redis-cli': () => around('redis-cli -h h -a ', word(9), ' ping'),
  openssl: () => around('openssl rsa -in k.pem -passin pass:', word(9), ' -out x'),
  'a cookie of curl': () => around("curl -b '", `sid=${word(20)}`, "' https://x.example"),
  'a login in a list': () => around('["curl", "-u", "me:', word(9), '", "https://x"]'),
  'a flag in a list': () => around('args: ["--registry-token", "', word(9), '"]'),
  'a flag in a list of YAML': () => around('args:\n  - --registry-token\n  - ', word(9), '\n'),
  'a hash of a password': () => around('alice:', `$6$${word(8)}$${word(86)}`, ':19000:0'),
  'a hash with doubled signs': () => around('users=u:', `$$apr1$$${word(8)}$$${word(22)}`),
  'a signature': () => around('SignatureDoesNotMatch Signature=', `${word(5)}7${word(20)}=`),
  'a key by a flag': () => around('helper --key=', `${word(4)}7${word(3)}8${word(6)}`, ' failed'),
  'a session': () => around('Set-Cookie: JSESSIONID=', `${word(6, UPPER)}7${word(12, UPPER)}`, '; Path=/'),
  'an account key': () =>
    around('DefaultEndpointsProtocol=https;AccountName=x;AccountKey=', `${word(60)}==`, ';Suffix=y'),
};

describe('every kind of secret is masked in running text', () => {
  test.each(Object.entries(KINDS))('%s', (_name, kind) => {
    for (let round = 0; round < 20; round++) {
      const [text, secret] = kind();
      const told: string[] = [];
      expect(
        maskText(text, (one) => told.push(one)),
        text,
      ).not.toContain(secret);
      // What is left is about the same thing still.
      expect(maskText(text).length, text).toBeGreaterThan(2);
      expect(maskText(maskText(text)), 'twice is as once').toBe(maskText(text));
    }
  });
});

test.each([
  'failed to fetch oauth token: unexpected status from GET request to https://auth.docker.io/token?scope=repository%3Amoby%2Fbuildkit%3Apull&service=registry.docker.io: 401 Unauthorized',
  'pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
  'docker buildx build --secret id=npm,src=/home/alice/.npmrc --ssh default .',
  'RUN --mount=type=secret,id=token,target=/run/secrets/token cat /run/secrets/token',
  'PWD=/srv/work OLDPWD=/srv LISTEN_FDS=1',
  'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 and 3c4b…',
  '/var/lib/buildkit/runc-overlayfs/snapshots/snapshots/1234/fs/usr/lib/x86_64-linux-gnu/libX11.so.6',
  '/nix/store/9krlzvny65gdc8s7kpb6lkx8cd02c25b-buildkit-0.12.5/bin/buildkitd',
  'github.com/moby/buildkit v0.12.5 bac3f2b673f3f9d33e79046008e7a38e856b3dc6',
  'user.max_user_namespaces = 0; kernel.unprivileged_userns_clone=1; apparmor_restrict_unprivileged_userns: 1',
  'KUBERNETES_SERVICE_HOST=10.0.0.1 container=lxc',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what a person writes.
  'password: ${REGISTRY_PASSWORD}, token: $TOKEN, secret: {{ .Values.secret }}, pass: <your password>',
  '--token-file /run/secrets/token --password-stdin --tlskey /etc/key.pem',
  'invalid --mount: the flag "secret" is unknown',
  'env: NAME=value',
  'a check may pass: nobody knows; token is missing; secret "regcred" not found; credentials are "pass"',
  'key=sha256:9f86d081884c7d65 cache key: local.uniqueid hash=none sign=off',
  'docker run -u 1000:1000 x; args: ["-u", "1000:1000"]; mkdir -p /run/buildkit; cp -p a b',
  '$1$HOME/some/long/path/of/somebody and "$2$(date)" and exit code: 127',
  'UUID=1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed',
])('%s holds no secret', (text) => {
  expect(maskText(text)).toBe(text);
});

test('no word of the documentation is taken for a secret, but the examples of one', () => {
  const pages = readdirSync('docs', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
  expect(pages.length).toBeGreaterThan(30);
  const masked = pages.flatMap((name) =>
    readFileSync(`docs/${name}`, 'utf8')
      .split('\n')
      .filter((line) => maskText(line) !== line)
      .map((line) => `${name}: ${line}`),
  );
  expect(masked).toEqual([]);
});

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { html } from '../../src/report/formats/html-page.ts';
import { commands, everything } from './everything.ts';

/** Debian's browser without a screen. */
const BROWSER = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'].find(existsSync);

// With CI set a missing browser fails in `launch`, rather than being passed over.
describe.skipIf(BROWSER === undefined && !process.env.CI)('the page in a real browser', () => {
  const directory = mkdtempSync(join(tmpdir(), 'bkd-html-'));
  const file = join(directory, 'report.html');
  let browser: Browser;
  beforeAll(async () => {
    writeFileSync(file, html(everything, commands));
    browser = await puppeteer.launch({
      executablePath: BROWSER ?? '/usr/bin/chromium-headless-shell',
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
      userDataDir: join(directory, 'profile'),
      timeout: 120_000,
    });
  }, 150_000);
  afterAll(async () => {
    await browser?.close();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  });

  async function opened(width: number, scheme: 'light' | 'dark'): Promise<{ page: Page; said: string[] }> {
    const page = await browser.newPage();
    const said: string[] = [];
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(String(error)));
    page.on('request', (request) => {
      if (request.url() !== pathToFileURL(file).href) said.push(request.url());
    });
    await page.setViewport({ width, height: 900 });
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    await page.goto(pathToFileURL(file).href);
    return { page, said };
  }

  test.each([
    [360, 'light'],
    [360, 'dark'],
    [1280, 'light'],
    [1280, 'dark'],
  ] as const)(
    '%i pixels, %s: asks for nothing, complains of nothing, fits, and is accessible',
    async (width, scheme) => {
      const { page, said } = await opened(width, scheme);
      expect(said).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      await page.evaluate('for (const one of document.querySelectorAll("details")) one.open = true');
      // The page itself allows no script; the examiner is let in past it.
      await page.evaluate(axe.source);
      const { violations } = (await page.evaluate('axe.run()')) as { violations: { id: string; nodes: unknown[] }[] };
      expect(violations.map(({ id, nodes }) => [id, JSON.stringify(nodes).slice(0, 500)])).toEqual([]);
      await page.close();
    },
    60_000,
  );

  test('everything that folds can be reached and opened by the keyboard', async () => {
    const { page } = await opened(1280, 'light');
    const folds = (await page.evaluate('document.querySelectorAll("details").length')) as number;
    expect(folds).toBeGreaterThan(2);
    for (let press = 0; press < 40; press++) {
      await page.keyboard.press('Tab');
      if (await page.evaluate('document.activeElement.matches("details:not([open]) > summary")'))
        await page.keyboard.press('Enter');
    }
    expect(await page.evaluate('document.querySelectorAll("details[open]").length')).toBe(folds);
    await page.close();
  }, 60_000);
});

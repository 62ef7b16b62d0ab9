import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseFilter } from '../../../src/ganvas/report/static/script/filter.js';

const RUNS = [
  { id: 'a', mask: 'box', psnr: 30, note: 'two words' },
  { id: 'b', mask: 'full', psnr: 25, note: 'else' },
  { id: 'c', mask: 'boxes', psnr: null, note: 'box' },
];

function kept(text) {
  const passes = parseFilter(
    text,
    (key, run) => run[key],
    (run) => Object.values(run).join('\n').toLowerCase(),
  );
  return RUNS.filter(passes)
    .map(({ id }) => id)
    .join('');
}

const CASES = {
  '': 'abc',
  'mask=box': 'a',
  'mask=BOX': 'a',
  'mask=box|full': 'ab',
  'mask!=full': 'ac',
  'mask!=box|full': 'c',
  'psnr>25': 'a',
  'psnr>=25': 'ab',
  'psnr<30': 'b',
  'psnr<=30': 'ab',
  '-psnr>25': 'bc',
  box: 'ac',
  '-box': 'b',
  '"two words"': 'a',
  'mask="box"': 'a',
  'mask!=full psnr>1': 'a',
  'nothing=1': '',
  'psnr>': '',
};

for (const [text, expected] of Object.entries(CASES)) {
  test(`'${text}' keeps '${expected}'`, () => assert.equal(kept(text), expected));
}

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  duration,
  num,
  plural,
  pValue,
  signed,
  stars,
  tickText,
} from '../../../src/ganvas/report/static/script/format.js';

test('numbers have four significant digits, and at most four behind the point', () => {
  assert.equal(num(28.5512), '28.55');
  assert.equal(num(0.12345), '0.1235');
  assert.equal(num(-3), '−3.000');
  assert.equal(num(0.0001), '1.00e−4');
  assert.equal(num(null), '–');
});

test('signs, times, p values and counts read as people write them', () => {
  assert.equal(signed(0.5), '+0.500');
  assert.equal(signed(-0.5), '−0.500');
  assert.deepEqual([12, 300, 7200].map(duration), ['12.0 s', '5.00 min', '2.00 h']);
  assert.deepEqual([0.0004, 0.04].map(pValue), ['p < 0.001', 'p = 0.040']);
  assert.deepEqual([0.0005, 0.005, 0.04, 0.2].map(stars), ['***', '**', '*', '']);
  assert.deepEqual(
    [1, 1200].map((count) => plural(count, 'run')),
    ['1 run', '1,200 runs'],
  );
});

test('ticks lose the zeros that say nothing', () => {
  assert.deepEqual([0.5, 20, 1e6, -2.5].map(tickText), ['0.5', '20', '1e+6', '−2.5']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { beatenIn, isAbove, sharedText } from '../../../src/ganvas/report/static/script/lead.js';

test('above is what the paired difference says, whatever the order of the means', () => {
  assert.equal(isAbove({ difference: -1 }, true), true);
  assert.equal(isAbove({ difference: 1 }, true), false);
  assert.equal(isAbove({ difference: 1 }, false), false);
  assert.equal(isAbove({ difference: -1 }, false), true);
  assert.equal(isAbove({ difference: null }, true), true);
  assert.equal(isAbove({ difference: 0 }, false), false);
});

test('only those count as beaten that are significantly worse', () => {
  const first = { difference: 0, holm: null };
  const row = (difference, holm) => ({ difference, holm });
  const ranking = [first, row(-1, 0.01), row(1, 0.01), row(-2, 0.2), row(-3, 0.04)];
  assert.equal(beatenIn(ranking, true), 2);
  assert.equal(beatenIn(ranking, false), 1);
});

test('where settings have different images it is said on which they are ranked', () => {
  assert.equal(sharedText(null), '');
  assert.equal(sharedText(1), 'on the one image that all settings have');
  assert.equal(sharedText(6), 'on the 6 images that all settings have');
});

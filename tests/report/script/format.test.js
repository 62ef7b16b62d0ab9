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
  toldApart,
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

test('long texts are cut where they are alike', () => {
  const lists = ['[0,1,2,3,4,5,6,7,8,9]', '[0,1,2,3,4,5,6,7,8,9,10]', '[0,1,2,3,4,5,6,7,8,10]'];
  const paths = ['/data/pictures/people/a.jpg', '/data/pictures/people/b.jpg', '/data/land/c.jpg'];
  const masks = ['Box{left:0.1,top:0.2,right:0.9}', 'Box{left:0.3,top:0.2,right:0.9}', 'full'];
  for (const texts of [lists, paths, masks, [...lists, ...paths, ...masks]]) {
    const short = toldApart(texts, 18);
    assert.equal(new Set(short).size, texts.length, short.join());
    assert.ok(
      short.every((text) => text.length <= 18 && text.length > 3),
      short.join(),
    );
  }
  assert.equal(toldApart(masks, 18)[2], 'full');
  assert.match(toldApart(masks, 18)[1], /^….*0\.3.*…$/);
  assert.deepEqual(toldApart(['abc', 'abcdefghijklmnop'], 8), ['abc', 'ab…op']);
});

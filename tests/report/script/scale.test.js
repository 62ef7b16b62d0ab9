import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  extent,
  logTicks,
  makeScale,
  niceTicks,
} from '../../../src/ganvas/report/static/script/scale.js';

test('the extent of more values than a call takes arguments', () => {
  const many = Array.from({ length: 500_000 }, (_, place) => (place % 7 ? place : null));
  assert.deepEqual(extent(many), [1, 499_999]);
});

test('the extent leaves out what is missing', () => {
  assert.deepEqual(extent([3, null, -1, undefined, 2]), [-1, 3]);
  assert.equal(extent([null]), null);
});

test('a scale maps its ends and is undone by its inverse', () => {
  for (const log of [false, true]) {
    const scale = makeScale([0.01, 100], [300, 20], log);
    assert.equal(scale(0.01), 300);
    assert.equal(scale(100), 20);
    for (const value of [0.02, 1, 37]) {
      assert.ok(Math.abs(scale.invert(scale(value)) - value) < 1e-9);
    }
  }
});

test('a logarithmic scale gives every decade the same room', () => {
  const scale = makeScale([1, 1000], [0, 300], true);
  assert.deepEqual(
    [1, 10, 100, 1000].map(Math.fround).map(scale).map(Math.round),
    [0, 100, 200, 300],
  );
});

test('one value has a place, not a division by zero', () => {
  assert.equal(makeScale([5, 5], [0, 100])(5), 0);
});

test('ticks are round, in order and within the range', () => {
  assert.deepEqual(niceTicks(0, 10), [0, 2, 4, 6, 8, 10]);
  assert.deepEqual(niceTicks(27.6, 28.6, 4), [27.75, 28, 28.25, 28.5]);
  for (const [low, high] of [
    [-3.3, 8.1],
    [1e-5, 2e-5],
    [12345, 99999],
  ]) {
    const ticks = niceTicks(low, high);
    assert.ok(ticks.length >= 3 && ticks.length <= 8);
    assert.ok(
      ticks.every(
        (tick, place) => tick >= low && tick <= high * (1 + 1e-9) && !(tick <= ticks[place - 1]),
      ),
    );
  }
});

test('logarithmic ticks are 1, 2, 5; of many decades the powers alone; of a short range round', () => {
  assert.deepEqual(logTicks(1, 20), [1, 2, 5, 10, 20]);
  assert.deepEqual(logTicks(0.001, 10), [0.001, 0.01, 0.1, 1, 10]);
  assert.deepEqual(logTicks(21, 29), niceTicks(21, 29, 4));
});

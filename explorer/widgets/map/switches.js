// The switches below the map: each turns one edit of the page on or off.
import { attributed, button, filled, node, put } from '../shared/dom.js';
import { turned, wishEdits } from '../shared/edits.js';

// What each switch stands for at the cursor: [how it is called in the catalogue, the edit for "zero", that for "mean" or null].
export function switchesAt({ layer, head }) {
  return [
    ['head', `head:${layer}.${head}`, `mean-head:${layer}.${head}`],
    ['attention', `attention:${layer}`, `mean-attention:${layer}`],
    ['mlp', `mlp:${layer}`, `mean-mlp:${layer}`],
    ['layer', `layer:${layer}`, `mean-layer:${layer}`],
    ['residual', `residual:${layer}`, null],
    ['mask', 'mask', null],
    ['positions', 'positions', null],
    ['norm', 'norm', null],
    ['scale', 'scale', null],
  ];
}

// where: the element they stand in. Returns { show(cursor, edits, pair), turn(name) }.
export function switches(where, words) {
  let cursor = { layer: 0, head: 0 };
  let edits = [];
  let pair = null; // [query, key] of the cell last looked at
  let mean = false;

  const how = button('map-how', '', () => {
    mean = !mean;
    show(cursor, edits, pair);
  });
  const keys = switchesAt(cursor).map((_, index) => button('map-switch', '', () => {
    const [, zero, average] = switchesAt(cursor)[index];
    wishEdits(turned(edits, mean && average ? [average, zero] : [zero, average]));
  }));
  const unlink = button('map-switch', '', () => pair && wishEdits(turned(edits, [`see:${pair[0]}-${pair[1]}`])));
  attributed(where, { 'aria-label': words.switches });
  where.replaceChildren(node('span', 'map-switches-label', words.switches), how, ...keys.slice(0, 5), unlink, ...keys.slice(5));

  function show(at, on, cell) {
    [cursor, edits, pair] = [at, on, cell];
    put(how, mean ? words.shared_to_mean : words.shared_to_zero);
    attributed(how, { title: words.how_info });
    switchesAt(cursor).forEach(([name, zero, average], index) => {
      put(keys[index], filled(words[`switch_${name}`], { layer: cursor.layer, head: cursor.head }));
      attributed(keys[index], { 'aria-pressed': edits.includes(zero) || edits.includes(average), title: words[`info_${name}`] });
    });
    unlink.disabled = !pair;
    put(unlink, pair ? filled(words.link, { query: pair[0], key: pair[1] }) : words.no_link);
    attributed(unlink, { 'aria-pressed': Boolean(pair && edits.includes(`see:${pair[0]}-${pair[1]}`)), title: words.link_info });
  }
  return {
    show,
    // by name of the first in the catalogue: 'head'
    turn: (name) => keys[switchesAt(cursor).findIndex(([one]) => one === name)]?.click(),
  };
}

// The map's numbers as rows, for whoever opens or saves its table.
import { originOf } from './reading.js';

const SITES = ['attn_out', 'resid_mid', 'mlp_out', 'resid_post'];

// One line a layer: what was written at the picked token, and the guess after it.
export function tableOf(scene, words) {
  if (!scene) return { columns: [], rows: [] };
  const { data, cursor, guess, names } = scene;
  const rows = Array.from({ length: data.about.layers }, (_, layer) => [
    String(layer),
    ...SITES.map((site) => data.length(site, layer, cursor.token)),
    guess ? names[guess.first[layer + 1]][0] : '',
    guess ? guess.shares[layer + 1] : null,
  ]);
  const origins = (layer, place) => {
    if (place === SITES.length + 2) return guess ? originOf(scene, { kind: 'guess', place: layer + 1 }) : null;
    const site = SITES[place - 1];
    return site ? { kind: 'length', site, layer, index: [cursor.token] } : null;
  };
  return { origins, columns: [words.column_layer, words.column_attn, words.column_mid, words.column_mlp, words.column_post, words.column_guess, words.column_share], rows };
}

// Why settings cannot be used, in the words of gpt2core's own refusal; '' for settings that can. No page here.
// limits: { temperature: the most, repetition_penalty: [least, most], seed: the most }
import { filled } from '../shared/dom.js';

export function refusalOf(asked, limits, words) {
  const { temperature, top_k: topK, top_p: topP, min_p: minP, repetition_penalty: penalty, seed } = asked;
  const [least, most] = limits.repetition_penalty;
  const whole = (value) => Number.isInteger(value) && value >= 0;
  const share = (value) => value >= 0 && value <= 1;
  if (![temperature, topK, topP, minP, penalty, seed].every(Number.isFinite)) return words.not_a_number;
  if (temperature < 0 || temperature > limits.temperature) return filled(words.bad_temperature, { value: temperature });
  if (!whole(topK)) return filled(words.bad_top_k, { value: topK });
  if (!share(topP)) return filled(words.bad_top_p, { value: topP });
  if (!share(minP)) return filled(words.bad_min_p, { value: minP });
  if (penalty < least || penalty > most) return filled(words.bad_penalty, { value: penalty });
  return whole(seed) && seed <= limits.seed ? '' : filled(words.bad_seed, { value: seed });
}

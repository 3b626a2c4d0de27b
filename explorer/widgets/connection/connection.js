import { filled, finder, put, tell } from '../shared/dom.js';
import { insistent } from './insistent.js';

export default function mount({ element, words, REST_MS, MOST }) {
  const line = finder(element)('connection');
  const { api_prefix: prefix, app_id: known } = globalThis.gradio_config;
  const ask = globalThis.fetch.bind(globalThis);

  // Above everything else, an enlarged figure included (a popover where there are such).
  const say = (sentence) => {
    put(line, sentence);
    if (!line.showPopover) return;
    line.popover = sentence ? 'manual' : null;
    if (sentence && !line.matches(':popover-open')) line.showPopover();
  };
  const isSame = async (url) => {
    const root = url.slice(0, url.indexOf(prefix)); // Gradio's own idea of it knows nothing of a proxy
    const answer = await ask(`${root}${prefix}/app_id`, { cache: 'no-store' });
    if (!answer.ok) throw new Error(`no server: ${answer.status}`);
    return (await answer.json()).app_id === known;
  };
  const startAnew = () =>
    tell('server-changed', (left) => {
      if (left) say(filled(words.changed, { left }));
      else location.reload();
    });

  globalThis.fetch = insistent(ask, {
    concerns: (url) => url.includes(`${prefix}/run/`) || url.includes(`${prefix}/queue/join`),
    isSame,
    rest: () => new Promise((resolve) => setTimeout(resolve, REST_MS)),
    isSilent: (silent) => say(silent ? words.silent : ''),
    startAnew,
    most: MOST,
  });
}

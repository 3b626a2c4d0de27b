import { markStale } from '../shared/stale.js';

export default function mount({ props, watch, ids, outlived }) {
  const known = { now: '', made: '', whole: false, failed: '' };

  const show = () => {
    const told = props.value || {};
    if (Object.keys(known).every((part) => told[part] === known[part])) return;
    if ('made' in told && !('failed' in told)) known.failed = '';
    Object.assign(known, told);
    markStale(ids, known.failed || (known.made && known.made !== known.now ? outlived : ''));
    props.value = { ...known };
  };
  watch('value', show);
  show();
}

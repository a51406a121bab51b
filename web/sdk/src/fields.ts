import { lineOf, on, whole } from './browser';
import { add, Kind } from './record';
import { identity, kindOf, masked, TargetKind } from './targets';
import { indexIn, words } from './wire';

/** By the numbers of `FieldKind`: types of input. Payment is told by what the browser may fill in. */
const KINDS = words('text textarea|email|tel|password|number|date time month week datetime-local|checkbox radio select-one|search');
const PAYMENT = 9;
const OTHER = 10;

const enum Change {
  Focus = 1,
  Blur = 2,
  Change = 3,
  Submit = 4,
  ValidationError = 5,
  Paste = 6,
  Clear = 7,
}

interface Visit {
  _focused: number;
  _first?: number;
  _corrections: number;
  _filled: boolean;
}

type FormField = HTMLInputElement & HTMLFormElement;

/** What happens to form fields; what is typed into them is never kept. */
export function watchFields(): void {
  const visits = new WeakMap<Element, Visit>();
  const tell = (element: FormField, change: Change, time: number) => {
    if (masked(lineOf(element))) return;
    const form = change == Change.Submit ? element : element.form;
    const field = change != Change.Submit && element;
    const { _first, _focused, _corrections } = visits.get(element) ?? { _focused: 0, _corrections: 0 };
    const [formHash, fieldHash] = [form && identity(form), field && identity(field)];
    const kind = !field ? OTHER : /^cc-/.test(field.autocomplete) ? PAYMENT : indexIn(KINDS, field.type) || OTHER;
    const first = _first && whole(_first - _focused);
    add(Kind.Field, time, () => [formHash, fieldHash, kind, change, first, _corrections]);
  };
  const listen = (types: string, change: Change, before?: (field: FormField, time: number, event: InputEvent) => unknown) =>
    on<InputEvent>(types, (event, time, element) => {
      const field = element as FormField;
      const kind = element && 'form' in element ? kindOf(element) : 0;
      if (kind > TargetKind.LinkAway && kind < TargetKind.InputLabel && (!before || before(field, time, event))) tell(field, change, time);
    });

  listen('focusin', Change.Focus, (field, time) => visits.set(field, { _focused: time, _corrections: 0, _filled: !!field.value }));
  listen('focusout', Change.Blur);
  listen('change', Change.Change);
  listen('paste', Change.Paste);
  listen('invalid', Change.ValidationError);
  listen('input', Change.Clear, (field, time, { inputType }) => {
    const visit = visits.get(field);
    if (!visit) return;
    visit._first ??= time;
    if (inputType?.startsWith('delete')) visit._corrections++;
    const was = visit._filled;
    visit._filled = !!field.value;
    return was && !visit._filled;
  });
  on('submit', (_event, time, form) => tell(form as FormField, Change.Submit, time));
}

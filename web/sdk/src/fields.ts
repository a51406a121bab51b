import { now, timeOf, whole } from './clock';
import { Kind, type Recorder } from './recorder';
import { identity, origin } from './targets';
import type { Hash } from './writer';

const enum FieldKind {
  Text = 1,
  Email = 2,
  Telephone = 3,
  Password = 4,
  Number = 5,
  Date = 6,
  Choice = 7,
  Search = 8,
  Payment = 9,
  Other = 10,
}

const enum Change {
  Focus = 1,
  Blur = 2,
  Change = 3,
  Submit = 4,
  ValidationError = 5,
  Paste = 6,
  Clear = 7,
}

type FormField = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

interface Visit {
  focused: number;
  firstInput: number | null;
  corrections: number;
  filled: boolean;
}

const NONE: Hash = [0, 0];

/** What happens to form fields; what is typed into them is never kept. */
export function watchFields(recorder: Recorder): void {
  const visits = new WeakMap<Element, Visit>();
  const tell = (field: Element, change: Change, at: number) => {
    if (field.closest('[data-furrow-mask]')) return;
    const visit = visits.get(field);
    const form = field instanceof HTMLFormElement ? field : (field as FormField).form;
    const formHash = form ? identity(form) : NONE;
    const fieldHash = field === form ? NONE : identity(field);
    const kind = field === form ? FieldKind.Other : kindOf(field as FormField);
    const first = visit && visit.firstInput !== null ? whole(visit.firstInput - visit.focused) : null;
    const corrections = visit?.corrections ?? 0;
    recorder.add(Kind.Field, at, (writer) => {
      writer.fixed64(1, formHash).fixed64(2, fieldHash).uint(3, kind).uint(4, change);
      if (first !== null) writer.present(5, first);
      writer.uint(6, corrections);
    });
  };
  const listen = (type: string, hear: (field: FormField, event: Event) => void) =>
    addEventListener(
      type,
      (event) => {
        const field = origin(event);
        if (event.isTrusted && field && isField(field)) hear(field, event);
      },
      { capture: true, passive: true },
    );

  listen('focusin', (field, event) => {
    visits.set(field, { focused: timeOf(event), firstInput: null, corrections: 0, filled: !!field.value });
    tell(field, Change.Focus, timeOf(event));
  });
  listen('focusout', (field, event) => tell(field, Change.Blur, timeOf(event)));
  listen('change', (field, event) => tell(field, Change.Change, timeOf(event)));
  listen('paste', (field, event) => tell(field, Change.Paste, timeOf(event)));
  listen('invalid', (field, event) => tell(field, Change.ValidationError, timeOf(event)));
  listen('input', (field, event) => {
    const visit = visits.get(field);
    if (!visit) return;
    visit.firstInput ??= timeOf(event);
    if (event instanceof InputEvent && event.inputType?.startsWith('delete')) visit.corrections++;
    const cleared = visit.filled && !field.value;
    visit.filled = !!field.value;
    if (cleared) tell(field, Change.Clear, timeOf(event));
  });
  addEventListener(
    'submit',
    (event) => {
      if (event.isTrusted && event.target instanceof HTMLFormElement) tell(event.target, Change.Submit, now());
    },
    { capture: true, passive: true },
  );
}

function isField(element: Element): element is FormField {
  return (
    element instanceof HTMLSelectElement ||
    element instanceof HTMLTextAreaElement ||
    (element instanceof HTMLInputElement && !/^(button|submit|reset|image|hidden)$/.test(element.type))
  );
}

function kindOf(field: FormField): FieldKind {
  if (/^cc-/.test(field.autocomplete)) return FieldKind.Payment;
  if (field instanceof HTMLSelectElement) return FieldKind.Choice;
  switch (field.type) {
    case 'text':
    case 'textarea':
      return FieldKind.Text;
    case 'email':
      return FieldKind.Email;
    case 'tel':
      return FieldKind.Telephone;
    case 'password':
      return FieldKind.Password;
    case 'number':
    case 'range':
      return FieldKind.Number;
    case 'date':
    case 'time':
    case 'month':
    case 'week':
    case 'datetime-local':
      return FieldKind.Date;
    case 'checkbox':
    case 'radio':
      return FieldKind.Choice;
    case 'search':
      return FieldKind.Search;
    default:
      return FieldKind.Other;
  }
}

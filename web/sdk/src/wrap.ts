import { onView } from './browser';

type Method = (this: unknown, ...args: unknown[]) => unknown;
/** Called before the method with what it is in its owner; what this returns hears of the result. */
type Before = (args: unknown[], self: unknown, property: PropertyDescriptor) => void | ((result: unknown) => void);

/**
 * Watches methods, and what sets properties, at their source: all of these
 * names of these owners, as far as the browser has them, in every window.
 */
export function around(owners: string, names: RegExp, before: Before): void {
  onView((view) => {
    for (const owner of owners.split(' ')) {
      const holder = view[owner as 'Element'] as { prototype?: object } | undefined;
      const own = holder?.prototype ?? holder ?? {};
      for (const name of Object.getOwnPropertyNames(own).filter((one) => names.test(one))) {
        const property = Object.getOwnPropertyDescriptor(own, name)!;
        // A rule's `style` is asked for in order to write it.
        const part = property.value ? 'value' : name == 'style' ? 'get' : 'set';
        const original = property[part] as Method | undefined;
        if (!original) continue;
        const wrapped: Method = function (...args) {
          let after: ReturnType<Before> = undefined;
          let result: unknown;
          // Whatever becomes of our watching, the page's own call goes through.
          try {
            after = before(args, this, property);
          } catch {}
          try {
            return (result = original.apply(this, args));
          } finally {
            try {
              after?.(result);
            } catch {}
          }
        };
        Object.defineProperty(own, name, { ...property, [part]: wrapped });
      }
    }
  });
}

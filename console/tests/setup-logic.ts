// Where the API's addresses begin, for code that runs without a page.
Object.assign(globalThis, { location: new URL('http://curfew.test/') });

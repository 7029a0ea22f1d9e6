/** The keys of accounts that sign the results of validations, and the form of what they sign. */
package io.keyhook.signing;

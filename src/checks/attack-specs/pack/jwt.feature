# Supplied with Tidelock. For services whose session is a JSON Web Token.
Feature: JSON Web Tokens

  @login @protected
  Scenario Outline: A token with <change> opens nothing
    Given "user" is signed in
    When somebody uses the token of "user" with <change>
    Then the protected page is not shown

    Examples:
      | change                           |
      | the algorithm none               |
      | the algorithm nOnE               |
      | no signature                     |
      | another signature                |
      | another end                      |
      | the signature of a guessable key |

  @login @protected @jwks
  Scenario: A public key is no shared secret
    Given "user" is signed in
    When somebody uses the token of "user" with the public key as a shared secret
    Then the protected page is not shown

  @login @protected
  Scenario: A token ends within a day
    Given "user" is signed in
    Then the token of "user" ends within 24 hours

  @login @protected @expiry
  Scenario: A token is not taken after its end
    Given "user" is signed in
    Then the token of "user" is not taken after its end

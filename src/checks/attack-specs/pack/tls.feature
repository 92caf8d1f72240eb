# Supplied with Tidelock. For `through: route`, where the router speaks TLS.
Feature: TLS

  @passive
  Scenario: The certificate can be trusted, and will be for a while
    Then the certificate is trusted
    And the certificate is valid for at least 14 days
    And the key of the certificate has at least 2048 bits

  @passive
  Scenario Outline: TLS <version> is not spoken any more
    Then TLS "<version>" is refused

    Examples:
      | version |
      | 1.0     |
      | 1.1     |

  @passive
  Scenario: TLS 1.2 or 1.3 is spoken
    Then TLS "1.3" is offered

  @passive
  Scenario Outline: Weak ciphers are refused (<cipher>)
    Then the cipher "<cipher>" is refused

    Examples:
      | cipher |
      | NULL   |
      | aNULL  |
      | RC4    |
      | 3DES   |
      | EXPORT |

  @passive
  Scenario: What is recorded today cannot be read with a key that is stolen tomorrow
    Then the cipher "kRSA" is refused

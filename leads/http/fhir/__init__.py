"""What a referrer's record system reaches: HL7 FHIR R4 under /fhir, a referral as a ServiceRequest and its Task."""

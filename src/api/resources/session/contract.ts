import { z } from "zod";

export const SignIn = z
  .strictObject({
    api_key: z
      .string()
      .optional()
      .meta({ description: "The admin key, an operator's key or a customer's key." }),
    sign_in_token: z
      .string()
      .optional()
      .meta({ description: "The token of the link that `npm start` prints. It signs in once." }),
  })
  .refine(({ api_key, sign_in_token }) => (api_key === undefined) !== (sign_in_token === undefined), {
    message: "is required, or sign_in_token, and not both",
    path: ["api_key"],
  })
  .meta({ id: "SignIn", examples: [{ api_key: "iep_2rX0nq1Jm8VtYc5uKe7ZsPaLhWd3Gf6BoIiUxTvNyQk" }] });

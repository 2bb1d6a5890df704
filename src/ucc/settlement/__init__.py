"""Settlement (结算): closes months, and says in statements what changed a balance."""
